"""Alpha of a model that is in memory already: in a torch module, or in a running vLLM engine. No disk, no restart.

Both hold the two ends rather than theta_low and the difference: a difference of 16-bit numbers is no 16-bit number, so it would
need twice the memory to be exact. The arithmetic is that of a merge on disk, so that after a swap the model is, bit for bit, the
merged checkpoint.
"""

from merge.in_place.torch_model import InPlace

__all__ = ["InPlace"]
