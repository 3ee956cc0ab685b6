"""The alpha of a running vLLM engine.

    llm = LLM(model=low, worker_extension_cls="merge.in_place.vllm_extension.AlphaExtension", ...)
    load_pair(llm, low, high)
    set_alpha(llm, 1.5)

A server takes the same: `vllm serve LOW --worker-extension-cls merge.in_place.vllm_extension.AlphaExtension` with
VLLM_SERVER_DEV_MODE=1 in its environment, then `Server(url).load_pair(...)` and `.set_alpha(1.5)`. That mode lets whoever reaches
the port call anything in the engine: bind it to loopback.

Each worker holds both ends in the host's memory and hands vLLM every tensor at its alpha through `reload_weights`, which knows
how the engine has cut, fused and packed them. Nothing is written to disk. vLLM is imported only where an engine has done so.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import torch

from merge.errors import MergeRefused
from merge.in_place.ends import Ends, combination_of

EXTENSION = "merge.in_place.vllm_extension.AlphaExtension"


class AlphaExtension:
    """Mixed into vLLM's worker. Called through `collective_rpc`."""

    _ends: Ends | None = None

    def load_pair(self, low: str, high: str) -> None:
        """Read both checkpoints. Raises MergeRefused when they do not fit each other."""
        self._ends = Ends(Path(low), Path(high))

    def set_alpha_of_pair(self, alpha: float, overrides: Sequence[Sequence[Any]] = ()) -> None:
        """theta_low + alpha·(theta_high - theta_low) becomes the model."""
        if self._ends is None:
            raise MergeRefused("no checkpoints are loaded. Fix: call load_pair first")
        self.reload_weights(weights_iterator=self._ends.merged(combination_of(alpha, overrides)))  # type: ignore[attr-defined]
        _pack_tied_again(self.model_runner.model)  # type: ignore[attr-defined]


def _pack_tied_again(model: torch.nn.Module) -> None:
    """On CPUs vLLM keeps a packed copy of each linear layer's weight. That of an output head which shares its weight with the
    embedding is not made anew by a reload (seen in 0.32): the model would go on with the old head, silently."""
    stale = [module for module in model.modules() if hasattr(module, "cpu_linear") and _has_weight(module)]
    if stale:
        from vllm.model_executor.layers.utils import dispatch_cpu_unquantized_gemm

        for module in stale:
            dispatch_cpu_unquantized_gemm(module, remove_weight=False)


def _has_weight(module: torch.nn.Module) -> bool:
    weight = getattr(module, "weight", None)
    return isinstance(weight, torch.Tensor) and weight.numel() > 0


def load_pair(llm: Any, low: Path, high: Path) -> None:
    """Let an engine in this process (vllm.LLM) read both ends."""
    llm.collective_rpc("load_pair", args=(str(low), str(high)))


def set_alpha(llm: Any, alpha: float, overrides: Sequence[tuple[str, float]] = ()) -> None:
    """Set its alpha, and forget what it had computed with other weights."""
    llm.collective_rpc("set_alpha_of_pair", args=(alpha, list(overrides)))
    llm.reset_prefix_cache()


class Server:
    """A vLLM server's alpha, over HTTP. Requests under way are let finish first and new ones wait. Raises httpx.HTTPError."""

    def __init__(self, url: str, timeout_s: float = 600) -> None:
        self._http = httpx.Client(base_url=url.rstrip("/"), timeout=timeout_s)

    def load_pair(self, low: Path, high: Path) -> None:
        """Read both ends; the paths are the server's."""
        self._call("load_pair", [str(low), str(high)])

    def set_alpha(self, alpha: float, overrides: Sequence[tuple[str, float]] = ()) -> None:
        """See `set_alpha`."""
        self._http.post("/pause", params={"mode": "wait"}).raise_for_status()
        try:
            self._call("set_alpha_of_pair", [alpha, [list(pair) for pair in overrides]])
            self._http.post("/reset_prefix_cache").raise_for_status()
        finally:
            self._http.post("/resume").raise_for_status()

    def _call(self, method: str, arguments: list[Any]) -> None:
        self._http.post("/collective_rpc", json={"method": method, "args": arguments}).raise_for_status()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()
