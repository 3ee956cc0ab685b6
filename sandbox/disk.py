"""What a box of its own keeps between runs: a folder of bounded size, in memory, which belongs to the programs."""

from dataclasses import dataclass

FOLDER = "/work"
"""Where programs find it; they start there. /tmp is kept as well and shares its bounds."""


@dataclass(frozen=True, slots=True)
class Disk:
    """Bounds of /work and /tmp together. Links count as files."""

    size_mb: int
    files: int = 16_384
