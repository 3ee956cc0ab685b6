"""A judge for the trainer's tests: a real server over real boxes, one for the session."""

from collections.abc import Iterator

import pytest

from service.client import Patience, TierlineClient
from tests.service.serving import Serving, server_fixture

judge = server_fixture("session")


@pytest.fixture(scope="session")
def client(judge: Serving) -> Iterator[TierlineClient]:
    with TierlineClient(judge.url, patience=Patience(attempts=3, pause_s=0.01, longest_pause_s=0.02, full_s=0.5)) as client:
        yield client
