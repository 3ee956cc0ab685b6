"""docker-compose.yml: what it gives to whom, and that both generations of Compose can read it."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.keys import is_loopback
from tests.deploy.settings_used import unknown

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "docker-compose.yml", *sorted((ROOT / "deploy").glob("compose.*.yml"))]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(FILES[0].read_text())["services"]
SHIPPED = [path for path in [*FILES, *(ROOT / "deploy").rglob("*")] if path.is_file() and path.suffix not in (".pyc", ".json")]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_variables_are_settings(path: Path) -> None:
    assert unknown(path.read_text()) == set()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_privileged_and_the_engine_is_out_of_reach(path: Path) -> None:
    text = "\n".join(line.partition("#")[0] for line in path.read_text().splitlines())
    assert not re.search(r"privileged:\s*true|docker\.sock|containerd\.sock|hostNetwork:\s*true|hostPID:\s*true", text)


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_starts_from_nothing(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not {"privileged", "network_mode", "pid", "ipc", "userns_mode", "devices"} & service.keys()
    assert service["restart"] == ("on-failure" if name == "train" else "unless-stopped")  # a sweep comes to an end
    assert service["logging"]["options"]["max-size"]


def test_capabilities_are_those_that_the_page_names() -> None:
    added = {name: set(service.get("cap_add", [])) for name, service in SERVICES.items() if "cap_add" in service}
    assert added == {"redis": {"SETUID", "SETGID", "CHOWN"}, "worker": {"SYS_ADMIN", "SETUID", "SETGID", "CHOWN"}}
    page = (ROOT / "docs/how-to/deploy.md").read_text()
    assert "`cap_add: [SYS_ADMIN, SETUID, SETGID, CHOWN]`" in page


def test_ports_are_published_on_loopback_only() -> None:
    for service in SERVICES.values():
        for port in service.get("ports", []):
            host = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", port).split(":")[0]
            assert is_loopback(host), port


def test_redis_is_reached_from_an_internal_network_only() -> None:
    networks = yaml.safe_load(FILES[0].read_text())["networks"]
    assert networks["queue"] == {"internal": True}
    assert SERVICES["redis"]["networks"] == SERVICES["worker"]["networks"] == ["queue"]
    assert "ports" not in SERVICES["redis"]


def test_redis_keeps_what_it_was_told() -> None:
    command = SERVICES["redis"]["command"]
    given = dict(zip(command[1::2], command[2::2], strict=True))
    assert given["--appendonly"] == "yes"
    assert given["--maxmemory-policy"] == "noeviction"


def test_profiles_keep_what_is_extra_out_of_the_way() -> None:
    profiles = {name: service.get("profiles") for name, service in SERVICES.items()}
    assert [name for name, found in profiles.items() if found is None] == ["redis", "api", "worker"]
    assert profiles["prometheus"] == profiles["grafana"] == ["observability"]
    assert profiles["vllm"] == ["gpu"]
    assert profiles["train"] == ["train"]


def test_the_trainer_has_the_judges_key_and_door_and_no_other_way_to_it() -> None:
    train = SERVICES["train"]
    assert train["environment"] == {"TIERLINE_API_KEYS": SERVICES["api"]["environment"]["TIERLINE_API_KEYS"]}
    assert train["networks"] == ["front"]
    assert "http://api:8077" in train["command"]
    assert train["read_only"] is True
    assert [volume for volume in train["volumes"] if train["command"][-1].startswith(volume.split(":")[1])] == ["runs:/runs"]


def test_every_folder_that_an_image_takes_gets_into_the_build() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", (ROOT / "deploy/Dockerfile").read_text(), re.MULTILINE)
    assert {name for line in copied for name in line.split()} == let_in


def test_files_that_are_mounted_exist() -> None:
    mounts = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])]
    assert [mount for mount in mounts if mount.startswith(".") and not (ROOT / mount).exists()] == []
    named = yaml.safe_load(FILES[0].read_text())["volumes"]
    assert {mount for mount in mounts if not mount.startswith(".")} == named.keys()


def test_what_an_image_listens_on_is_what_compose_asks() -> None:
    text = (ROOT / "deploy/Dockerfile").read_text()
    assert "EXPOSE 8077" in text
    assert SERVICES["worker"]["environment"]["TIERLINE_METRICS_PORT"] in SERVICES["worker"]["healthcheck"]["test"][-1]
    scraped = (ROOT / "deploy/prometheus/prometheus.yml").read_text()
    assert {"8077", SERVICES["worker"]["environment"]["TIERLINE_METRICS_PORT"]} == set(re.findall(r"port: (\d+)", scraped))


def test_the_images_are_built_without_what_the_legacy_builder_lacks() -> None:
    text = (ROOT / "deploy/Dockerfile").read_text()
    assert not re.search(r"^(RUN|COPY|ADD) --(mount|network|security|link|chmod|parents)|<<", text, re.MULTILINE)
    stages = re.findall(r"^FROM \S+ AS (\S+)", text, re.MULTILINE)
    assert {service["build"]["target"] for service in SERVICES.values() if "build" in service} <= set(stages)


def compose(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run whichever Compose there is on the shipped file, without the .env of a developer."""
    command = ["docker-compose"] if shutil.which("docker-compose") else ["docker", "compose"]
    environment = {name: value for name, value in os.environ.items() if name != "TIERLINE_API_KEYS"} | variables
    (folder / "empty.env").touch()
    line = [*command, "--env-file", str(folder / "empty.env"), "-f", str(FILES[0]), *arguments]
    return subprocess.run(line, env=environment, cwd=ROOT, capture_output=True, text=True)


def _has_compose() -> bool:
    plugin = subprocess.run(["sh", "-c", "docker compose version"], capture_output=True)
    return shutil.which("docker-compose") is not None or plugin.returncode == 0


needs_compose = pytest.mark.skipif(not _has_compose(), reason="Compose is not installed")


@needs_compose
@pytest.mark.parametrize("more", [(), *FILES[1:]], ids=["alone", *(path.stem for path in FILES[1:])])
def test_compose_reads_it(more: Path | None, tmp_path: Path) -> None:
    done = compose(
        tmp_path,
        *(["-f", str(more)] if more else []),
        "--profile",
        "gpu",
        "--profile",
        "observability",
        "--profile",
        "train",
        "config",
        TIERLINE_API_KEYS="one,two",
    )
    assert done.returncode == 0, done.stderr
    resolved = yaml.safe_load(done.stdout)["services"]
    assert resolved.keys() == SERVICES.keys()
    assert resolved["api"]["environment"]["TIERLINE_API_KEYS"] == "one,two"


@needs_compose
def test_without_a_key_it_says_how_to_make_one(tmp_path: Path) -> None:
    done = compose(tmp_path, "config")
    assert done.returncode != 0
    assert "make key" in done.stderr
