"""Completions from a model, behind one interface: `Sampler`.

    transformers_sampler   in this process, any device; for small models and for tests
    openai_sampler         a server that speaks OpenAI's completions, vLLM's for one

A sample's random numbers follow from its request's `seed` alone, never from what else is in the batch: a run that was interrupted
and one that was not ask for the same samples, and get them where the engine's arithmetic does not depend on the batch.
"""

from trainer.sampling.sampler import BATCH, Completion, FinishReason, Prompt, Sampler

__all__ = ["BATCH", "Completion", "FinishReason", "Prompt", "Sampler"]
