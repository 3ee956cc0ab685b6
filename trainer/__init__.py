"""RL under nested coverage: checkpoints that differ only in how much of the test suite had to pass.

A rollout goes one way: `tasks` (what to solve) → a setting of `trainer.settings` (prompt, tools, how the answer is found) →
a `Sampler` (completions) → the judge, over HTTP (a verdict at coverage c) → `coverage_reward` (a number, or None when the judge
failed) → the engine (GRPO). The trainer never sees a test, and knows of the judge `service.client` and `service.schemas` only.

Everything but the engine is also what evaluation uses (`merge`), so a model is asked the same way in training and after it.
"""
