"""The Kubernetes manifests: valid by the cluster's own schemas, consistent with each other and with the rest of the project."""

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from service.cluster.names import LINES, slices_list
from service.settings import Settings
from tests.deploy.kustomize import build, documents

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/kubernetes"
FOLDERS = {"base": FOLDER / "base"} | {path.name: path for path in sorted((FOLDER / "overlays").iterdir())}
BUILT = {name: build(folder) for name, folder in FOLDERS.items()}
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
OLDEST, NEWEST = "1.33", "1.37"


def find(kind: str, name: str, built: str = "base") -> dict[str, Any]:
    """One manifest."""
    (found,) = (one for one in BUILT[built] if one["kind"] == kind and one["metadata"]["name"] == name)
    return found


def pods() -> list[Any]:
    """Every pod template of every build."""
    return [
        pytest.param(one["spec"]["template"]["spec"], id=f"{built}-{one['metadata']['name']}")
        for built, manifests in BUILT.items()
        for one in manifests
        if one["kind"] in ("Deployment", "StatefulSet")
    ]


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("built", BUILT)
def test_manifests_are_valid(built: str, version: str) -> None:
    checked = [one for one in BUILT[built] if not one["apiVersion"].startswith("keda.sh/")]
    assert len(checked) >= 17
    for manifest in checked:
        kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("folder", FOLDERS.values(), ids=FOLDERS.keys())
def test_every_file_of_a_kustomization_is_there_and_used(folder: Path) -> None:
    (plan,) = documents(folder / "kustomization.yaml")
    assert plan["kind"] == "Kustomization"
    named = {*plan["resources"], *(patch["path"] for patch in plan.get("patches", []) if "path" in patch)}
    assert all((folder / name).exists() for name in named)
    assert {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"} == {
        name for name in named if name.endswith(".yaml")
    }


def test_everything_is_in_the_one_namespace() -> None:
    for manifests in BUILT.values():
        spaces = {one["metadata"].get("namespace") for one in manifests if one["kind"] != "Namespace"}
        assert spaces == {"tierline"}


@pytest.mark.parametrize("pod", pods())
def test_a_pod_gets_no_more_than_it_needs(pod: dict[str, Any]) -> None:
    assert pod["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    assert not any("hostPath" in volume for volume in pod["volumes"])
    (container,) = pod["containers"]
    context = container["securityContext"]
    assert context["allowPrivilegeEscalation"] is False
    assert context["readOnlyRootFilesystem"] is True
    assert context["capabilities"]["drop"] == ["ALL"]
    assert "privileged" not in context
    assert "add" not in context["capabilities"] or container["name"] == "worker"


def test_a_worker_has_the_capabilities_of_the_compose_file() -> None:
    context = find("Deployment", "worker")["spec"]["template"]["spec"]["containers"][0]["securityContext"]
    assert context["capabilities"]["add"] == COMPOSE["worker"]["cap_add"]


def test_a_worker_without_capabilities_is_an_ordinary_user_of_a_user_namespace() -> None:
    pod = find("Deployment", "worker", "no-capabilities")["spec"]["template"]["spec"]
    context = pod["containers"][0]["securityContext"]
    assert pod["hostUsers"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert (context["runAsUser"], context["runAsNonRoot"], context["procMount"]) == (10001, True, "Unmasked")


def test_a_worker_has_whole_cores_of_its_own_and_a_box_for_each() -> None:
    (container,) = find("Deployment", "worker")["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["requests"] == container["resources"]["limits"]
    assert int(container["resources"]["limits"]["cpu"]) >= 1
    (boxes,) = (one for one in container["env"] if one["name"] == "TIERLINE_BOXES")
    assert boxes["valueFrom"]["resourceFieldRef"] == {"containerName": "worker", "resource": "limits.cpu"}


def test_two_workers_never_share_a_node() -> None:
    spec = find("Deployment", "worker")["spec"]
    (rule,) = spec["template"]["spec"]["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert rule == {"topologyKey": "kubernetes.io/hostname", "labelSelector": spec["selector"]}
    assert spec["strategy"]["rollingUpdate"]["maxSurge"] == 0


@pytest.mark.parametrize("pod", pods())
def test_a_pod_may_take_longer_to_end_than_its_judge_drains(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    if container["name"] != "redis":
        assert pod["terminationGracePeriodSeconds"] > Settings.model_fields["drain_s"].default + 10


@pytest.mark.parametrize("pod", pods())
def test_ports_and_volumes_that_are_named_are_there(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    claims = {"data"} if container["name"] == "redis" else set()
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]} | claims
    ports = {port["name"] for port in container["ports"]}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        for way in ("httpGet", "tcpSocket"):
            if way in container.get(probe, {}):
                assert container[probe][way]["port"] in ports


def test_redis_is_started_as_in_the_compose_file_but_for_its_size() -> None:
    (container,) = find("StatefulSet", "redis")["spec"]["template"]["spec"]["containers"]
    shared = [
        (here, there) for here, there in zip(container["command"], COMPOSE["redis"]["command"], strict=True) if "${" not in there
    ]
    assert [here for here, there in shared if here != there] == []


def test_selectors_meet_the_pods_they_are_for() -> None:
    labels = [
        one["spec"]["template"]["metadata"]["labels"] for one in BUILT["base"] if one["kind"] in ("Deployment", "StatefulSet")
    ]
    for one in BUILT["base"]:
        if one["kind"] in ("Service", "PodDisruptionBudget"):
            selector = one["spec"]["selector"].get("matchLabels", one["spec"]["selector"])
            assert sum(selector.items() <= found.items() for found in labels) == 1, one["metadata"]["name"]


def test_the_network_is_closed_but_for_what_is_named() -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in BUILT["base"] if one["kind"] == "NetworkPolicy"}
    assert policies["deny-all"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    to_redis = {"podSelector": {"matchLabels": {"app": "redis"}}}
    assert policies["worker"]["egress"] == [{"to": [to_redis], "ports": [{"protocol": "TCP", "port": 6379}]}]
    assert "egress" not in policies["redis"]
    callers = policies["redis"]["ingress"][0]["from"]
    assert [one["podSelector"]["matchLabels"]["app"] for one in callers] == ["api", "worker"]
    for spec in policies.values():
        for rule in [*spec.get("ingress", []), *spec.get("egress", [])]:
            assert rule["ports"]
            assert rule.get("from") or rule.get("to"), "a rule without peers lets everybody in"


SCALED = {
    "scaleTargetRef",
    "pollingInterval",
    "cooldownPeriod",
    "initialCooldownPeriod",
    "idleReplicaCount",
    "minReplicaCount",
    "maxReplicaCount",
    "fallback",
    "advanced",
    "triggers",
}
"""Fields of a ScaledObject's spec, from KEDA's reference."""
REDIS_TRIGGER = {"address", "listName", "listLength", "activationListLength", "databaseIndex", "enableTLS", "unsafeSsl"}


def test_the_autoscaler_looks_at_the_lists_that_slices_wait_in() -> None:
    scaler = find("ScaledObject", "worker", "autoscaled")
    spec = scaler["spec"]
    assert scaler["apiVersion"] == "keda.sh/v1alpha1"
    assert spec.keys() <= SCALED
    assert 0 <= spec["minReplicaCount"] < spec["maxReplicaCount"]
    target = find("Deployment", spec["scaleTargetRef"]["name"], "autoscaled")
    assert "replicas" not in target["spec"], "the Deployment and the autoscaler would both set it"
    assert {trigger["metadata"]["listName"] for trigger in spec["triggers"]} == {slices_list(line) for line in LINES}
    for trigger in spec["triggers"]:
        assert trigger["type"] == "redis"
        assert trigger["metadata"].keys() <= REDIS_TRIGGER
        assert all(isinstance(value, str) for value in trigger["metadata"].values()), "KEDA wants text"
        assert trigger["metadata"]["address"] == "redis.tierline.svc.cluster.local:6379"
