"""Sampling by a server, against a stand-in for vLLM's and, where it is here, vLLM itself."""

import importlib.util
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from trainer.sampling import Completion, FinishReason, Prompt
from trainer.sampling.openai_sampler import OpenAISampler


class Stand(ThreadingHTTPServer):
    """Answers with the prompt's tokens backwards, after `held` is set for a prompt that begins with 99."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.paths: list[str] = []
        self.failures: list[int] = []
        self.tells_tokens = True
        self.tells_context = True
        self.held = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Stand
    protocol_version = "HTTP/1.0"  # a connection ends with its answer

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        context = {"max_model_len": 20} if self.server.tells_context else {}
        self._answer(200, {"data": [{"id": "tiny", **context}]})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.paths.append(self.path)
        self.server.keys.append(self.headers["Authorization"])
        self.server.asked.append(asked)
        if self.server.failures:
            self._answer(self.server.failures.pop(), {"error": {"message": "busy"}})
        elif asked["prompt"] == [13]:
            self._answer(400, {"error": {"message": "an unlucky prompt"}})
        else:
            if asked["prompt"][0] == 99:
                assert self.server.held.wait(30)
            self._answer(200, {"choices": [self._choice(asked)]})

    def _choice(self, asked: dict[str, Any]) -> dict[str, Any]:
        tokens = asked["prompt"][::-1]
        choice: dict[str, Any] = {"text": " ".join(map(str, tokens)), "logprobs": {"token_logprobs": [-0.5] * len(tokens)}}
        choice["finish_reason"] = "length" if len(tokens) >= asked["max_tokens"] else "stop"
        if asked["prompt"] == [7, 7]:
            choice["logprobs"]["token_logprobs"].pop()
        return choice | ({"token_ids": tokens} if self.server.tells_tokens else {})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def stand() -> Iterator[Stand]:
    with Stand() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.held.set()
        server.shutdown()
        thread.join()


@contextmanager
def sampler_of(url: str, **given: Any) -> Iterator[OpenAISampler]:
    sampler = OpenAISampler(url, None, **given)
    try:
        yield sampler
    finally:
        sampler.close()


def prompt(*tokens: int, **given: Any) -> Prompt:
    return Prompt(token_ids=tokens, **{"max_tokens": 5, "seed": 1, **given})


def test_what_is_asked_and_what_comes_back(stand: Stand) -> None:
    asked = [prompt(1, 2, seed=7, temperature=0.5, top_p=0.9, stop=("</x>",)), prompt(1, 2, 3, 4, 5, seed=(1 << 63) - 1)]
    with sampler_of(stand.url, key="secret") as sampler:
        found = dict(sampler.sample(asked))
    assert found[0] == Completion((2, 1), "2 1", FinishReason.STOP, (-0.5, -0.5))
    assert found[1].finish_reason is FinishReason.LENGTH
    sent = sorted(stand.asked, key=lambda each: len(each["prompt"]))
    assert [each["seed"] for each in sent] == [7, (1 << 63) - 1]
    assert (sent[0]["temperature"], sent[0]["top_p"], sent[0]["max_tokens"]) == (0.5, 0.9, 5)
    assert (sent[0]["stop"], sent[0]["include_stop_str_in_output"]) == (["</x>"], True)
    assert "stop" not in sent[1]
    assert all(each["model"] == "tiny" and each["return_token_ids"] and each["skip_special_tokens"] for each in sent)
    assert all(each["logprobs"] == 0 for each in sent)
    assert stand.keys == ["Bearer secret"] * 2


def test_completions_come_as_they_finish(stand: Stand) -> None:
    with sampler_of(stand.url, threads=2) as sampler:
        completions = sampler.sample([prompt(99), prompt(1), prompt(2)])
        assert [next(completions)[0], next(completions)[0]] == [1, 2]
        stand.held.set()
        assert next(completions)[0] == 0
        assert next(completions, None) is None


def test_a_seed_that_int64_does_not_hold_is_brought_into_it(stand: Stand) -> None:
    with sampler_of(stand.url) as sampler:
        list(sampler.sample([prompt(1, seed=-1), prompt(1, seed=(1 << 63) + 5)]))
    assert sorted(each["seed"] for each in stand.asked) == [5, (1 << 63) - 1]


def test_logprobs_that_are_not_one_a_token_are_left_out(stand: Stand) -> None:
    with sampler_of(stand.url) as sampler:
        ((_, found),) = sampler.sample([prompt(7, 7)])
    assert found == Completion((7, 7), "7 7", FinishReason.STOP)


def test_a_server_that_is_busy_is_asked_again_and_one_that_refuses_is_not(stand: Stand) -> None:
    stand.failures = [429, 503]
    with sampler_of(stand.url) as sampler:
        assert len(dict(sampler.sample([prompt(1, 2)]))) == 1
        assert len(stand.asked) == 3
        with pytest.raises(ValueError, match=r"400.*an unlucky prompt"):
            list(sampler.sample([prompt(13)]))
    assert len(stand.asked) == 4


def test_closing_ends_the_waiting_for_a_server_that_fails(stand: Stand) -> None:
    stand.failures = [503] * 100
    with sampler_of(stand.url) as sampler:
        failed: list[Exception] = []
        reader = threading.Thread(target=_read, args=(sampler, failed))
        reader.start()
        while len(stand.asked) < 4:
            time.sleep(0.01)
        began = time.monotonic()
    reader.join(10)
    assert time.monotonic() - began < 5
    assert [type(error) for error in failed] == [httpx.HTTPStatusError]


def _read(sampler: OpenAISampler, failed: list[Exception]) -> None:
    try:
        list(sampler.sample([prompt(1)]))
    except httpx.HTTPError as error:
        failed.append(error)


def test_a_url_that_is_none_fails_at_once() -> None:
    with sampler_of("localhost") as sampler, pytest.raises(httpx.UnsupportedProtocol):
        sampler.sample([prompt(1)])


def test_a_server_that_does_not_tell_tokens_is_refused(stand: Stand) -> None:
    stand.tells_tokens = False
    with sampler_of(stand.url) as sampler, pytest.raises(ValueError, match=r"does not tell the tokens.*vLLM 0\.10\.2"):
        list(sampler.sample([prompt(1, 2)]))


@pytest.mark.parametrize("bad", [prompt(1, 2, max_tokens=19), prompt(1, max_tokens=0), prompt()])
def test_a_prompt_without_room_is_refused_before_sampling(stand: Stand, bad: Prompt) -> None:
    with sampler_of(stand.url) as sampler:
        assert len(list(sampler.sample([prompt(1, 2, max_tokens=18)]))) == 1
        with pytest.raises(ValueError, match=r"prompt 1: \d tokens and max_tokens \d+ do not fit .*context of 20"):
            sampler.sample([prompt(1), bad])
    assert len(stand.asked) == 1


def test_a_context_that_is_given_goes_before_the_servers(stand: Stand) -> None:
    with sampler_of(stand.url, context=6) as sampler, pytest.raises(ValueError, match="context of 6 tokens"):
        sampler.sample([prompt(1, 2)])
    with sampler_of(stand.url, context=40) as sampler:
        assert len(list(sampler.sample([prompt(1, max_tokens=39)]))) == 1


def test_a_server_that_tells_no_context_sets_no_bound(stand: Stand) -> None:
    stand.tells_context = False
    with sampler_of(stand.url) as sampler:
        assert len(list(sampler.sample([prompt(1, max_tokens=1000)]))) == 1


def test_the_server_is_asked_for_its_models_once_and_only_for_what_was_not_given(stand: Stand) -> None:
    with sampler_of(stand.url) as sampler:
        assert stand.paths == []
        for _ in range(2):
            list(sampler.sample([prompt(1)]))
    assert stand.paths == ["/v1/models", "/v1/completions", "/v1/completions"]
    with sampler_of(stand.url, model="mine", context=10) as sampler:
        list(sampler.sample([prompt(1)]))
    assert stand.paths[3:] == ["/v1/completions"]
    assert stand.asked[-1]["model"] == "mine"
    with sampler_of(stand.url, model="other") as sampler, pytest.raises(ValueError, match="no model 'other', but tiny"):
        sampler.sample([prompt(1)])


def test_what_nobody_waits_for_is_not_asked_for(stand: Stand) -> None:
    with sampler_of(stand.url, threads=1) as sampler:
        completions = sampler.sample([prompt(1), *[prompt(99)] * 50])
        next(completions)
        completions.close()  # type: ignore[attr-defined]
        stand.held.set()
    assert len(stand.asked) <= 2


@pytest.mark.skipif(importlib.util.find_spec("vllm") is None, reason="vLLM is not here: `make test-vllm` brings it")
@pytest.mark.filterwarnings("default")
def test_vllm_gives_the_same_sample_for_the_same_seed(tmp_path: Path) -> None:
    import torch
    from transformers import AutoTokenizer

    from tests.merge.test_in_place import save_llama
    from tests.merge.test_vllm_extension import save_tokenizer, serving

    folder = save_llama(tmp_path / "model", 1, tied=True, dtype=torch.float32)
    save_tokenizer(folder)
    asked = [prompt(1, 5, 9, seed=seed, max_tokens=8) for seed in (1, 2, (1 << 63) - 1)]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with serving(folder) as url, sampler_of(url) as sampler:
        one, other = (dict(sampler.sample(asked)) for _ in range(2))
        with pytest.raises(ValueError, match="context of 64 tokens"):
            sampler.sample([prompt(1, max_tokens=64)])
        stop = tokenizer.convert_ids_to_tokens(one[0].token_ids[2])
        ((_, stopped),) = sampler.sample([prompt(1, 5, 9, seed=1, max_tokens=8, stop=(stop,))])
    for place in range(3):
        assert one[place].token_ids == other[place].token_ids
        assert len(one[place].token_ids) == len(one[place].logprobs) <= 8
        assert tokenizer.decode(one[place].token_ids, skip_special_tokens=True).split() == one[place].text.split()
    assert len({completion.token_ids for completion in one.values()}) == 3
    assert stopped.finish_reason is FinishReason.STOP
    assert stop in stopped.text
    assert stopped.token_ids == one[0].token_ids[: len(stopped.token_ids)]
