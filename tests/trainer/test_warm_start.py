"""Warm start: interrupted or not, the same weights."""

from pathlib import Path

import pytest

from trainer.files import folder_digest
from trainer.run_config import TinyModel, WarmStart
from trainer.warm_start import Progress, warm_start

ASKED = WarmStart(model=TinyModel(width=16, layers=1, heads=2, inner=16), steps=12, batch=4, problems=20, save_every=5)


class Killed(Exception):
    """Stands for a process that ends."""


def test_an_interrupted_start_ends_with_the_same_weights(tmp_path: Path) -> None:
    whole = warm_start(ASKED, 3, tmp_path / "whole")
    for step in (2, 7):

        def end(progress: Progress, step: int = step) -> None:
            if progress.step == step:
                raise Killed

        with pytest.raises(Killed):
            warm_start(ASKED, 3, tmp_path / "killed", end)
        assert not (tmp_path / "killed").exists()
    told: list[int] = []
    warm_start(ASKED, 3, tmp_path / "killed", lambda progress: told.append(progress.step))
    assert told[0] == 6
    assert folder_digest(tmp_path / "killed") == folder_digest(whole)
    assert folder_digest(warm_start(ASKED, 4, tmp_path / "other")) != folder_digest(whole)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["killed", "other", "whole"]


def test_it_learns_and_is_done_once(tmp_path: Path) -> None:
    losses: list[float] = []
    asked = ASKED.model_copy(update={"steps": 120, "batch": 16, "learning_rate": 2e-2})
    warm_start(asked, 1, tmp_path / "model", lambda progress: losses.append(progress.loss))
    assert losses[-1] < losses[0] / 2
    warm_start(asked, 1, tmp_path / "model", lambda progress: pytest.fail(str(progress)))


def test_another_request_does_not_go_on_with_it(tmp_path: Path) -> None:
    def end(progress: Progress) -> None:
        if progress.step == 6:
            raise Killed

    with pytest.raises(Killed):
        warm_start(ASKED, 3, tmp_path / "model", end)
    with pytest.raises(ValueError, match="of another warm start"):
        warm_start(ASKED, 4, tmp_path / "model")
