"""A torch module at any alpha."""

from collections.abc import Sequence
from pathlib import Path

import torch

from merge.combination import Combination
from merge.errors import MergeRefused
from merge.in_place.ends import Ends, combination_of


class InPlace:
    """Sets the alpha of a model in memory, on its device and in its dtype, in one pass over its weights.

    The ends are held beside it on the same device: three times the memory of one model. After `set_alpha(a)` its weights are
    those of `tierline merge --alpha a`, bit for bit.
    """

    def __init__(self, model: torch.nn.Module, low: Path, high: Path) -> None:
        """`model` has the architecture of both checkpoints; what it holds now does not matter.

        Raises MergeRefused when the checkpoints do not fit each other or the model.
        """
        self._targets = _targets(model)
        device = next(iter(self._targets.values())).device
        self._ends = Ends(low, high, device)
        self.alpha: float | None = None
        known = set(self._ends.tensors)
        aliases = _aliases(model)
        if unknown := sorted(known - aliases.keys()):
            raise MergeRefused(f"the model has no parameter {unknown[0]!r}, which {low} has ({len(unknown)} in all)")
        given = {aliases[name] for name in known}
        if missing := sorted(self._targets.keys() - given):
            raise MergeRefused(f"{low} has no tensor {missing[0]!r}, which the model has ({len(missing)} in all)")
        self._names = {aliases[name]: name for name in known}
        for target, name in self._names.items():
            if self._targets[target].shape != self._ends.tensors[name][0].shape:
                raise MergeRefused(f"tensor {name!r} has shape {list(self._ends.tensors[name][0].shape)} in {low}, "
                                   f"{list(self._targets[target].shape)} in the model")  # fmt: skip

    @torch.no_grad()
    def set_alpha(self, alpha: float, overrides: Sequence[tuple[str, float]] = ()) -> None:
        """theta_low + alpha·(theta_high - theta_low); `overrides`: (pattern, alpha) for tensors that match.

        Raises MergeRefused, with the model in no state to be used, when a tensor overflows its dtype.
        """
        combination: Combination = combination_of(alpha, overrides)
        self.alpha = None  # until it is done
        for target, name in self._names.items():
            self._ends.merge(name, combination, self._targets[target])
        self._ends.check()
        self.alpha = alpha


def _targets(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """What to write, tied tensors once, by the first of their names."""
    found: dict[int, str] = {}
    state = model.state_dict(keep_vars=True)
    for name, tensor in state.items():
        found.setdefault(tensor.data_ptr(), name)
    return {name: state[name].data for name in found.values()}


def _aliases(model: torch.nn.Module) -> dict[str, str]:
    """Each name of a tensor in the model, and the first of that tensor's names."""
    found: dict[int, str] = {}
    return {name: found.setdefault(tensor.data_ptr(), name) for name, tensor in model.state_dict(keep_vars=True).items()}
