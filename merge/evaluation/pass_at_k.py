"""pass@k from counts: of n samples of a problem c are right; the chance that k drawn without replacement hold a right one.

Shapes: p problems.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def miss(n: int, c: int, k: int) -> float:
    """The chance that k of n samples, c of them right, hold no right one: C(n - c, k) / C(n, k). Raises ValueError for k over n.

    A product of min(k, c) factors, each at most 1: stable where the binomial coefficients have hundreds of digits.
    """
    if not 0 <= c <= n or not 0 <= k <= n:
        raise ValueError(f"n = {n}, c = {c}, k = {k}; give 0 <= c <= n and 0 <= k <= n")
    return _miss(n, c, k)


@lru_cache(maxsize=1 << 16)
def _miss(n: int, c: int, k: int) -> float:
    if k > n - c:
        return 0.0
    few, many = sorted((c, k))  # C(n-c, k) / C(n, k) is the same with c and k exchanged
    steps = np.arange(few, dtype=np.float64)
    return float(np.exp(np.log1p(-many / (n - steps)).sum()))


def pass_at_k(n: int, c: int, k: int) -> float:
    """The unbiased estimate of Chen et al., arXiv 2107.03374."""
    return 1.0 - miss(n, c, k)


def pass_at_k_of(counts: Sequence[tuple[int, int]], k: int) -> Floats:
    """(p,) of each problem's (n, c); NaN where n is less than k."""
    return np.array([pass_at_k(n, c, k) if n >= k else np.nan for n, c in counts])
