"""What a worker's container must be given: the setups that the pages name work, and the doctor names what others lack."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docker.stack import one_builds

ROOT = Path(__file__).parents[2]
IMAGE = "tierline-worker"

pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True)
class Report:
    """What the doctor said."""

    able: bool
    checks: list[dict[str, Any]]

    def found(self, name: str) -> list[str]:
        """What a check found, line by line."""
        return [check["found"] for check in self.checks if check["name"] == name]

    @property
    def fixes(self) -> str:
        """All fixes of failed checks."""
        return "\n".join(check["fix"] for check in self.checks if check["state"] == "fail")


@pytest.fixture(scope="module", autouse=True)
def image() -> None:
    """The worker's image, built from this folder."""
    command = ["docker", "build", "--quiet", "-f", "deploy/Dockerfile", "--target", "worker", "-t", IMAGE, "."]
    with one_builds():
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def doctor(*options: str) -> Report:
    """Run the doctor in a container with just these options, read-only as the compose file has it."""
    command = ["docker", "run", "--rm", "--network", "none", "--read-only", "--tmpfs", "/tmp", "--tmpfs", "/run", *options]  # noqa: S108
    done = subprocess.run([*command, IMAGE, "tierline", "doctor", "--json"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    told = json.loads(done.stdout)
    return Report(told["able"], told["checks"])


def options_of(*files: str) -> list[str]:
    """The options of the service `worker` that concern privileges, as `docker run` has them."""
    flags = {"cap_drop": "--cap-drop", "cap_add": "--cap-add", "security_opt": "--security-opt"}
    options = []
    for file in files:
        worker = yaml.safe_load((ROOT / file).read_text())["services"]["worker"]
        options += [part for key, flag in flags.items() for value in worker.get(key, []) for part in (flag, value)]
        options += ["--user", worker["user"]] if "user" in worker else []
    return [option.replace("seccomp:", "seccomp=").replace("apparmor:", "apparmor=") for option in options]


def test_the_compose_files_worker_has_everything() -> None:
    report = doctor(*options_of("docker-compose.yml"))
    assert report.able, report
    assert report.found("control groups") in (["hybrid"], ["v2"], ["v1"])
    assert report.found("container")[0].startswith("Docker, as root with CHOWN, SETGID, SETUID, SYS_ADMIN")


def test_a_worker_without_capabilities_judges_with_sampled_memory() -> None:
    report = doctor(*options_of("docker-compose.yml", "deploy/compose.no-capabilities.yml"))
    assert report.able, report
    assert report.found("control groups")[0] == "none"
    assert report.found("container")[0].startswith("Docker, as an ordinary user with no capability")


def test_no_capability_at_all_in_the_bounding_set_either() -> None:
    more = options_of("deploy/compose.no-capabilities.yml")
    profile = ["--cap-drop", "ALL", "--security-opt", "seccomp=deploy/seccomp.json", "--security-opt", "apparmor=unconfined"]
    assert doctor(*more, *profile).able


@pytest.mark.parametrize("dropped", ["SYS_ADMIN", "SETUID", "SETGID"])
def test_each_capability_is_needed(dropped: str) -> None:
    options = options_of("docker-compose.yml")
    at = options.index(dropped)
    report = doctor(*options[: at - 1], *options[at + 1 :])
    assert not report.able
    assert "cap_add: [SYS_ADMIN, SETUID, SETGID, CHOWN]" in report.fixes


def test_under_the_engines_own_profile_the_doctor_names_ours() -> None:
    options = options_of("docker-compose.yml")
    at = options.index("seccomp=deploy/seccomp.json")
    report = doctor(*options[: at - 1], *options[at + 1 :])
    assert not report.able
    assert "security_opt: [seccomp=deploy/seccomp.json]" in report.fixes


def test_in_a_plain_container_the_doctor_names_both_ways() -> None:
    report = doctor()
    assert not report.able
    assert "cap_add: [SYS_ADMIN, SETUID, SETGID, CHOWN]" in report.fixes
    assert 'user: "10001:10001"' in report.fixes
    assert "privileged" not in report.fixes


def test_masked_proc_is_told_to_an_ordinary_user() -> None:
    options = options_of("docker-compose.yml", "deploy/compose.no-capabilities.yml")
    at = options.index("systempaths=unconfined")
    report = doctor(*options[: at - 1], *options[at + 1 :])
    assert not report.able
    assert "systempaths=unconfined" in report.fixes
