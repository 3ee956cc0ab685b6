"""As much of kustomize as our files use: resources of a folder, and two kinds of patches over them."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]


def documents(path: Path) -> list[Manifest]:
    """The documents of a file."""
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def build(folder: Path) -> list[Manifest]:
    """What `kubectl kustomize` makes of `folder`, labels, namespaces and images left as they are."""
    (plan,) = documents(folder / "kustomization.yaml")
    found = [manifest for name in plan["resources"] for manifest in _resource(folder / name)]
    for patch in plan.get("patches", []):
        if "path" in patch:
            (merged,) = documents(folder / patch["path"])
            (target,) = _matching(found, {"kind": merged["kind"], "name": merged["metadata"]["name"]})
            _merge(target, merged)
        else:
            (target,) = _matching(found, patch["target"])
            for step in yaml.safe_load(patch["patch"]):
                _step(target, step)
    return found


def _resource(path: Path) -> list[Manifest]:
    return build(path) if path.is_dir() else documents(path)


def _matching(manifests: list[Manifest], target: dict[str, str]) -> Iterator[Manifest]:
    return (found for found in manifests if found["kind"] == target["kind"] and found["metadata"]["name"] == target["name"])


def _step(manifest: Manifest, step: dict[str, str]) -> None:
    *way, last = step["path"].strip("/").split("/")
    for name in way:
        manifest = manifest[name]
    assert step["op"] == "remove"
    del manifest[last]


def _merge(into: Any, patch: Any) -> None:
    """Strategic merge: null takes away, lists of things with a name join by it, other lists replace."""
    for key, value in patch.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        elif isinstance(value, list) and value and isinstance(value[0], dict) and "name" in value[0]:
            for item in value:
                _merge(next(found for found in into[key] if found["name"] == item["name"]), item)
        else:
            into[key] = copy.deepcopy(value)
