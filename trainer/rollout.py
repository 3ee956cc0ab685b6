"""Rollouts: many episodes of one setting against one sampler, a round of completions at a time.

The sampler runs in the caller's thread. Each completion of a setting that asks the judge (a tool, a command) goes, the moment it
is there, to a thread that acts on it, so that tools run while the sampler works on the rest of the round. A rollout is handed out
as soon as its episode ends: the caller can have it judged meanwhile.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from service.errors import Gone, Overloaded, TierlineError
from trainer.sampling import Completion, FinishReason, Prompt, Sampler
from trainer.settings.episode import Answer, Episode, Setting
from trainer.tasks import Task


@dataclass(frozen=True, slots=True)
class Rollout:
    """One finished episode. `token_ids`, `written_by_model` and `logprobs` have one entry a token after the prompt.

    `answer` is None when the judge failed or was lost on the way: nothing is known about the model, the rollout is to be masked
    and counted, and `error` says what happened. `logprobs` are 0.0 where the environment wrote, empty when the sampler did not
    tell them. `finish_reasons` has one entry a turn.
    """

    task: Task
    seed: int
    prompt_ids: tuple[int, ...]
    token_ids: tuple[int, ...]
    written_by_model: tuple[bool, ...]
    logprobs: tuple[float, ...]
    answer: Answer | None
    finish_reasons: tuple[FinishReason, ...]
    error: str = ""

    @property
    def turns(self) -> int:
        """How many completions it took."""
        return len(self.finish_reasons)

    @property
    def ending(self) -> str:
        """What to count it under: the kind of its answer, or `unknown`."""
        return self.answer.kind.value if self.answer else "unknown"


@dataclass(slots=True)
class _Running:
    index: int
    seed: int
    episode: Episode
    logprobs: list[float] | None = field(default_factory=list)
    finish_reasons: list[FinishReason] = field(default_factory=list)

    def observe(self, completion: Completion) -> Rollout | None:
        """The rollout when this was its last completion. May be called from a thread."""
        self.finish_reasons.append(completion.finish_reason)
        self._keep_logprobs(completion)
        try:
            answer = self.episode.observe(completion)
        except (TierlineError, httpx.TransportError) as error:
            if not _judge_failed(error):
                raise
            return self._ended(None, f"{type(error).__name__}: {error}")
        if answer is None:
            self._pad_logprobs()
            return None
        return self._ended(answer)

    def _keep_logprobs(self, completion: Completion) -> None:
        if len(completion.logprobs) != len(completion.token_ids):
            self.logprobs = None
        elif self.logprobs is not None:
            self.logprobs += completion.logprobs

    def _pad_logprobs(self) -> None:
        if self.logprobs is not None:
            self.logprobs += [0.0] * (len(self.episode.token_ids) - len(self.logprobs))

    def _ended(self, answer: Answer | None, error: str = "") -> Rollout:
        self._pad_logprobs()
        self.close()
        return Rollout(
            task=self.episode.task,
            seed=self.seed,
            prompt_ids=self.episode.prompt_ids,
            token_ids=tuple(self.episode.token_ids),
            written_by_model=tuple(self.episode.written_by_model),
            logprobs=tuple(self.logprobs or ()),
            answer=answer,
            finish_reasons=tuple(self.finish_reasons),
            error=error,
        )

    def close(self) -> None:
        """A session that cannot be closed ends by itself when it has been idle."""
        with suppress(TierlineError, httpx.TransportError):
            self.episode.close()


def roll_out(
    sampler: Sampler,
    setting: Setting,
    tasks: Sequence[Task],
    seeds: Sequence[int],
    *,
    threads: int = 16,
    max_open: int | None = None,
) -> Iterator[tuple[int, Rollout]]:
    """(place in `tasks`, rollout) of each as it ends, in any order; `seeds` has one for each task.

    `threads` bounds calls to the judge at the same time, `max_open` the episodes that are open at once: for agents, no more than
    the judge has sessions. Closes every episode, also when it is not read to its end.

    Raises ValueError where a prompt leaves no room, and TierlineError where the judge refuses what it is asked (an unknown key, a
    limit past its bound): that is a mistake of the settings and no failure of the judge.
    """
    if len(tasks) != len(seeds):
        raise ValueError(f"{len(tasks)} tasks and {len(seeds)} seeds; give one seed for each task")
    if threads < 1 or (max_open is not None and max_open < 1):
        raise ValueError("threads and max_open are at least 1")
    return _rounds(sampler, setting, tasks, seeds, threads, max_open or len(tasks))


def _rounds(
    sampler: Sampler, setting: Setting, tasks: Sequence[Task], seeds: Sequence[int], threads: int, max_open: int
) -> Iterator[tuple[int, Rollout]]:
    waiting = iter(range(len(tasks)))
    running: dict[int, _Running] = {}
    pool = ThreadPoolExecutor(threads, thread_name_prefix="rollout")
    try:
        while True:
            while len(running) < max_open and (index := next(waiting, None)) is not None:
                episode = setting.open(tasks[index], sampler.tokenizer, seeds[index])
                running[index] = _Running(index, seeds[index], episode)
            if not running:
                return
            for index, rollout in _round(sampler, list(running.values()), pool, asks_judge=setting.asks_judge):
                del running[index]
                yield index, rollout
    finally:
        pool.shutdown(cancel_futures=True)
        for left in running.values():
            left.close()


def _round(
    sampler: Sampler, running: list[_Running], pool: ThreadPoolExecutor, *, asks_judge: bool
) -> Iterator[tuple[int, Rollout]]:
    """One completion for each; those that ended with it, as they end."""
    if not asks_judge:  # a thread would take longer to be told of a completion than acting on it takes
        for place, completion in sampler.sample(_prompts(running)):
            if (rollout := running[place].observe(completion)) is not None:
                yield running[place].index, rollout
        return
    acting: dict[Future[Rollout | None], int] = {}
    done: deque[Future[Rollout | None]] = deque()
    for place, completion in sampler.sample(_prompts(running)):
        future = pool.submit(running[place].observe, completion)
        acting[future] = running[place].index
        future.add_done_callback(done.append)
        yield from _ended(acting, done)
    for future in as_completed(list(acting)):
        yield from _ended(acting, deque([future]))


def _prompts(running: list[_Running]) -> list[Prompt]:
    return [each.episode.prompt() for each in running]


def _ended(acting: dict[Future[Rollout | None], int], done: deque[Future[Any]]) -> Iterator[tuple[int, Rollout]]:
    """Those that are done by now; `done` grows meanwhile."""
    while done:
        future = done.popleft()
        index = acting.pop(future)
        if (rollout := future.result()) is not None:
            yield index, rollout


def _judge_failed(error: Exception) -> bool:
    """Did the judge fail, rather than refuse what cannot be? A full one and a session that ended early count as failing."""
    return not isinstance(error, TierlineError) or error.status >= 500 or isinstance(error, Gone | Overloaded)
