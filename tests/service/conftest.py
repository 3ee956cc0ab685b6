"""What the tests of the service share."""

from collections.abc import Iterator

import pytest

from service.cluster import box_worker


@pytest.fixture(scope="session", autouse=True)
def _idle_workers_look_often() -> Iterator[None]:
    """A worker that waits at Redis sees that it was told to stop when its wait is over: a second, in each test that has one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(box_worker, "_BLOCK_S", 0.1)
        yield
