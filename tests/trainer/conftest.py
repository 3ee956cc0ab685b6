"""A judge for the trainer's tests: a real server over real boxes, one for the session."""

from collections.abc import Iterator

import pytest

from sandbox import Pool
from service.client import Patience, TierlineClient
from tests.service.serving import Serving, boxes_of, serving, settings_for


@pytest.fixture(scope="session")
def judge(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    settings = settings_for(tmp_path_factory.mktemp("trainer-judge"))
    with serving(boxes_of(pool, settings), settings) as running:
        yield running


@pytest.fixture(scope="session")
def client(judge: Serving) -> Iterator[TierlineClient]:
    with TierlineClient(judge.url, patience=Patience(attempts=3, pause_s=0.01, longest_pause_s=0.02, full_s=0.5)) as client:
        yield client
