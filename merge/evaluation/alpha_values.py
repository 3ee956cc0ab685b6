"""Alphas as they are written on a command line."""

import math


def parse_alphas(text: str) -> tuple[float, ...]:
    """`-1:2:0.25` (first, last, step) or `0,0.5,1`, without repeats and rising. Raises ValueError."""
    try:
        if ":" in text:
            first, last, step = (float(part) for part in text.split(":"))
            if not step > 0 or last < first or (last - first) / step > 10_000:
                raise ValueError
            found = [first + step * number for number in range(math.floor((last - first) / step + 1e-9) + 1)]
        else:
            found = [float(part) for part in text.split(",")]
        if not all(map(math.isfinite, found)):
            raise ValueError
    except ValueError:
        raise ValueError(f"alphas: {text!r}; give FIRST:LAST:STEP such as -1:2:0.25, or numbers with commas") from None
    return tuple(sorted({round(alpha, 9) for alpha in found}))
