"""Talk to a judge over HTTP: `TierlineClient`, and `AsyncTierlineClient` with the same calls to await.

    with TierlineClient() as judge:
        result = judge.judge(Submission(problem="a-plus-b", language="python", source=source))

Beside them, each imported by its own name: `trl_reward`, a reward function for TRL, and `verl_score`, a `compute_score` for verl.
"""

from service.client.clients import DEFAULT_URL, AsyncTierlineClient, TierlineClient
from service.client_protocol import Patience

__all__ = ["DEFAULT_URL", "AsyncTierlineClient", "Patience", "TierlineClient"]
