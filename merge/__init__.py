"""New models out of trained ones: theta(alpha) = theta_low + alpha·(theta_high - theta_low), exactly, and what comes of it.

Interpolation (alpha in 0..1) and extrapolation (outside) of checkpoints on disk in one streamed pass, or in place in a model or a
running engine; then evaluation of what was made. Merging needs torch and safetensors only: neither transformers nor vLLM.
"""
