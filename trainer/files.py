"""Files and folders that are whole or not there."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file or a folder under a temporary name beside `path`, then give it its name, in place of a file
    there."""
    temporary = path.with_name(path.name + ".tmp")
    if temporary.is_dir():
        shutil.rmtree(temporary)
    path.parent.mkdir(parents=True, exist_ok=True)
    write(temporary)
    for made in (temporary, *temporary.rglob("*")):
        sync(made)
    temporary.rename(path)
    sync(path.parent)


def is_taken(folder: Path) -> bool:
    """Whether something lies there already, other than what an interrupted `write_whole` left."""
    return folder.is_dir() and any(not path.name.endswith(".tmp") for path in folder.iterdir())


def claim(folder: Path, name: str, said: Mapping[str, Any], kind: str) -> None:
    """Make the folder that of what is `said`, by a file of that name in it, or see that it is.

    Raises ValueError when something else lies there, or another of its kind: a run, a sweep, a study.
    """
    found = read_json(folder / name)
    if not found:
        if is_taken(folder):
            raise ValueError(f"{folder} is not empty and holds no {kind}. Fix: name another folder with --out")
        write_json(folder / name, said)
    elif unlike := [key for key in said if found.get(key) != said[key]]:
        raise ValueError(f"{folder} holds another {kind}: its {', '.join(unlike)} differs. Fix: another --out, or remove it")


def write_json(path: Path, value: object) -> None:
    """As JSON."""
    write_whole(path, lambda temporary: temporary.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8"))


def read_json(path: Path) -> dict[str, Any]:
    """An object; empty where there is no file. Raises ValueError for what is none."""
    if not path.is_file():
        return {}
    value = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(value, dict):
        raise ValueError(f"{path} is no JSON object")
    return value


def folder_digest(folder: Path) -> str:
    """Of a model's weights, as they lie in its files (SHA-256, hex). Raises ValueError where there are none."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ValueError(f"{folder} has no *.safetensors. Fix: give the folder of a model in Hugging Face's format")
    total = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            total.update(f"{file.name} {hashlib.file_digest(stream, 'sha256').hexdigest()}\n".encode())
    return total.hexdigest()


def sync(path: Path) -> None:
    """A file's bytes, or the names in a folder, lie on the disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
