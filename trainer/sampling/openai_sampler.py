"""Sampling by a server that speaks OpenAI's completions: vLLM's, which tells the tokens of a completion.

One request a prompt, many at once: the server batches them as it likes. Tokens go there and come back as ids, for text does not
say which tokens it was.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import Any

import httpx

from trainer.sampling.sampler import Completion, FinishReason, Prompt

_RETRIED_S = 300.0
_LONGEST_PAUSE_S = 10.0


class OpenAISampler:
    """See Sampler."""

    def __init__(
        self,
        url: str,
        tokenizer: Any,
        *,
        model: str | None = None,
        key: str | None = None,
        threads: int = 64,
        timeout_s: float = 3600,
    ) -> None:
        """`url` of the server, without /v1. `model`: its name there; None: the first that the server names."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(
            base_url=url.rstrip("/"), headers=headers, timeout=timeout_s, limits=httpx.Limits(max_connections=threads)
        )
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="sampling")
        self._tokenizer = tokenizer
        self._wanted = model
        self._known: tuple[str, int | None] | None = None

    @property
    def tokenizer(self) -> Any:
        """See Sampler."""
        return self._tokenizer

    def sample(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, Completion]]:
        """See Sampler. Raises ValueError for what the server refuses, httpx.HTTPError when it stays away for five minutes."""
        name, context = self._model()
        for place, prompt in enumerate(prompts):
            if context is not None and len(prompt.token_ids) + prompt.max_tokens > context:
                raise ValueError(
                    f"prompt {place}: {len(prompt.token_ids)} tokens and max_tokens {prompt.max_tokens} do not fit the server's "
                    f"context of {context} tokens. Fix: a smaller max_tokens, or a server with a larger --max-model-len"
                )
        return self._completed(name, prompts)

    def _model(self) -> tuple[str, int | None]:
        """Name and context, in tokens, of the model at the server."""
        if self._known is None:
            found = self._ask("GET", "/v1/models")["data"]
            chosen = next((entry for entry in found if self._wanted in (None, entry["id"])), None)
            if chosen is None:
                raise ValueError(f"the server has no model {self._wanted!r}, but {', '.join(entry['id'] for entry in found)}")
            self._known = (chosen["id"], chosen.get("max_model_len"))
        return self._known

    def _completed(self, name: str, prompts: Sequence[Prompt]) -> Iterator[tuple[int, Completion]]:
        asked: dict[Future[Completion], int] = {
            self._pool.submit(self._complete, name, prompt): place for place, prompt in enumerate(prompts)
        }
        try:
            for future in as_completed(asked):
                yield asked[future], future.result()
        finally:
            for future in asked:
                future.cancel()

    def _complete(self, name: str, prompt: Prompt) -> Completion:
        body: dict[str, Any] = {
            "model": name,
            "prompt": list(prompt.token_ids),
            "max_tokens": prompt.max_tokens,
            "temperature": prompt.temperature,
            "top_p": prompt.top_p,
            "seed": prompt.seed % (1 << 63),
            "logprobs": 0,
            "return_token_ids": True,
            "skip_special_tokens": True,
        }
        if prompt.stop:
            body |= {"stop": list(prompt.stop), "include_stop_str_in_output": True}
        (choice,) = self._ask("POST", "/v1/completions", body)["choices"]
        tokens = choice.get("token_ids")
        if not tokens:
            raise ValueError("the server does not tell the tokens of a completion. Fix: use vLLM 0.10.2 or later")
        logprobs = (choice.get("logprobs") or {}).get("token_logprobs") or ()
        return Completion(
            tuple(tokens),
            choice["text"],
            FinishReason.LENGTH if choice["finish_reason"] == "length" else FinishReason.STOP,
            tuple(logprobs) if len(logprobs) == len(tokens) and None not in logprobs else (),
        )

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer; a server that is away or full is asked again."""
        end, pause = time.monotonic() + _RETRIED_S, 0.2
        while True:
            try:
                answer = self._http.request(method, path, json=body)
                if answer.status_code < 500 and answer.status_code != 429:
                    break
                answer.raise_for_status()
            except httpx.HTTPError:
                if time.monotonic() + pause > end:
                    raise
            time.sleep(pause)
            pause = min(_LONGEST_PAUSE_S, pause * 2)
        if answer.is_error:
            raise ValueError(f"the sampling server refused {path}: {answer.status_code} {answer.text[:500]}")
        found: dict[str, Any] = answer.json()
        return found

    def close(self) -> None:
        """See Sampler."""
        self._pool.shutdown(cancel_futures=True)
        self._http.close()
