"""Sampling by a server that speaks OpenAI's completions: vLLM's, which tells the tokens of a completion.

One request a prompt, many at once: the server batches them as it likes. Tokens go there and come back as ids, for text does not
say which tokens it was.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from threading import Event
from typing import Any

import httpx

from trainer.sampling.sampler import Completion, FinishReason, Prompt

_RETRIED_S = 300.0
_LONGEST_PAUSE_S = 10.0
_CONNECT_S = 30.0


class OpenAISampler:
    """See Sampler. The server's `--logprobs-mode` says of which distribution it tells log-probabilities."""

    def __init__(
        self,
        server_url: str,
        tokenizer: Any,
        *,
        model: str | None = None,
        threads: int = 64,
        context: int | None = None,
        timeout_s: float = 3600,
        key: str | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """`server_url` is without /v1. `model`: its name there; None: the first that the server names.

        `threads`: requests at the same time. `context`: tokens of prompt and completion together; None: what the server says of
        the model, and no bound where it says nothing. `timeout_s`: of one request, in seconds. `key`: sent as a bearer token.
        `check`: called when a request has failed; raises when the server is known to have ended, so that nobody waits for it.
        """
        if threads < 1:
            raise ValueError(f"threads is {threads}; it is at least 1")
        self._http = httpx.Client(
            base_url=server_url.rstrip("/"),
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, _CONNECT_S)),
            limits=httpx.Limits(max_connections=threads),
        )
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="sampling")
        self._tokenizer = tokenizer
        self._name = model
        self._context = context
        self._looked_up = model is not None and context is not None
        self._check = check
        self._closed = Event()

    @property
    def tokenizer(self) -> Any:
        """See Sampler."""
        return self._tokenizer

    def sample(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, Completion]]:
        """See Sampler. What has not begun when the iterator is closed is never asked for.

        Raises ValueError for what the server refuses and when it does not tell token ids, httpx.HTTPError when it has failed for
        five minutes, and what `check` raises.
        """
        self._look_up()
        for place, prompt in enumerate(prompts):
            if prompt.max_tokens < 1 or not prompt.token_ids or self._too_long(prompt):
                raise ValueError(
                    f"prompt {place}: {len(prompt.token_ids)} tokens and max_tokens {prompt.max_tokens} do not fit the model's "
                    f"context of {self._context} tokens. Fix: a smaller max_tokens, or a server with a larger --max-model-len"
                )
        return self._completed(prompts)

    def _too_long(self, prompt: Prompt) -> bool:
        return self._context is not None and len(prompt.token_ids) + prompt.max_tokens > self._context

    def _look_up(self) -> None:
        """Ask once for what was not given: the model's name and its context in tokens."""
        if self._looked_up:
            return
        found = self._ask("GET", "/v1/models")["data"]
        chosen = next((entry for entry in found if self._name in (None, entry["id"])), None)
        if chosen is None:
            raise ValueError(f"the server has no model {self._name!r}, but {', '.join(entry['id'] for entry in found)}")
        self._name = chosen["id"]
        if self._context is None:
            self._context = chosen.get("max_model_len")
        self._looked_up = True

    def _completed(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, Completion]]:
        asked: dict[Future[Completion], int] = {
            self._pool.submit(self._complete, prompt): place for place, prompt in enumerate(prompts)
        }
        try:
            for future in as_completed(asked):
                yield asked[future], future.result()
        finally:
            for future in asked:
                future.cancel()

    def _complete(self, prompt: Prompt) -> Completion:
        body: dict[str, Any] = {
            "model": self._name,
            "prompt": list(prompt.token_ids),
            "max_tokens": prompt.max_tokens,
            "temperature": prompt.temperature,
            "top_p": prompt.top_p,
            "top_k": -1,  # what is not said vLLM takes from the model's generation_config
            "min_p": 0.0,
            "repetition_penalty": 1.0,
            "seed": prompt.seed % (1 << 63),  # vLLM takes an int64, and -1 would be no seed
            "logprobs": 0,
            "return_token_ids": True,
            "skip_special_tokens": True,
        }
        if prompt.stop:
            body |= {"stop": list(prompt.stop), "include_stop_str_in_output": True}
        (choice,) = self._ask("POST", "/v1/completions", body)["choices"]
        tokens = choice.get("token_ids")
        if tokens is None:
            raise ValueError(
                "the server does not tell the tokens of a completion. Fix: a server that is vLLM 0.10.2 or later, or that "
                "answers `return_token_ids` with token_ids"
            )
        logprobs = (choice.get("logprobs") or {}).get("token_logprobs") or ()
        return Completion(
            tuple(tokens),
            choice["text"],
            FinishReason.LENGTH if choice["finish_reason"] == "length" else FinishReason.STOP,
            tuple(logprobs) if len(logprobs) == len(tokens) and None not in logprobs else (),
        )

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer; a server that is away or full is asked again for five minutes after its first failure."""
        end, pause = None, 0.2
        while True:
            try:
                answer = self._http.request(method, path, json=body)
                if answer.status_code < 500 and answer.status_code != 429:
                    break
                answer.raise_for_status()
            except (httpx.NetworkError, httpx.RemoteProtocolError, httpx.ConnectTimeout, httpx.HTTPStatusError):
                self._check()
                end = end or time.monotonic() + _RETRIED_S
                if time.monotonic() + pause > end or self._closed.wait(pause):
                    raise
                pause = min(_LONGEST_PAUSE_S, pause * 2)
        if not answer.is_success:
            raise ValueError(f"the sampling server refused {path}: {answer.status_code} {answer.text[:500]}")
        found: dict[str, Any] = answer.json()
        return found

    def close(self) -> None:
        """See Sampler. Waits for the requests that are under way."""
        self._closed.set()
        self._pool.shutdown(cancel_futures=True)
        self._http.close()
