"""Counters of what judging met, for metrics. Read them at any time; each `count_` method may be called from any thread."""

import threading
from collections import Counter

from service.schemas import Verdict


class JudgingStats:
    """Totals since the start."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.tests: Counter[Verdict] = Counter()
        """Tests judged, by verdict."""
        self.submissions: Counter[Verdict] = Counter()
        """Submissions finished, by verdict; JE among them."""
        self.confirmed = 0
        """Second runs because CPU time was just past the limit."""
        self.overturned = 0
        """Second runs that found the program fast enough."""
        self.starved = 0
        """Runs that the wall clock ended while they waited for a processor, each run again."""
        self.stepped_back = 0
        """Submissions left to other workers because this one was unsteady."""
        self.retries = 0
        """Times a submission went on in another box because the judge itself had failed."""
        self.cpu_s = 0.0
        """CPU time of judged programs."""

    def count_test(self, verdict: Verdict, cpu_s: float) -> None:
        """A test was judged."""
        with self._lock:
            self.tests[verdict] += 1
            self.cpu_s += cpu_s

    def count_submission(self, verdict: Verdict) -> None:
        """A submission was finished."""
        with self._lock:
            self.submissions[verdict] += 1

    def count_confirmation(self, *, overturned: bool) -> None:
        """A second run decided."""
        with self._lock:
            self.confirmed += 1
            self.overturned += overturned

    def count_starved(self) -> None:
        """A run starved."""
        with self._lock:
            self.starved += 1

    def count_step_back(self) -> None:
        """A submission is left to another worker."""
        with self._lock:
            self.stepped_back += 1

    def count_retry(self) -> None:
        """A submission goes on in another box."""
        with self._lock:
            self.retries += 1
