"""Tests that build the images and bring the stack up. They need an engine, and minutes: `make test-docker` asks for them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docker.stack import Stack

collect_ignore_glob = [] if os.environ.get("TEST_DOCKER") else ["test_*.py"]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The compose stack with three workers of a box each, under a name and a port of its own; its volumes go with it."""
    folder: Path = tmp_path_factory.mktemp("stack")
    with Stack(folder, workers=3) as stack:
        yield stack
