"""Sampling by a server, against a stand-in for vLLM's and, where it is here, vLLM itself."""

import importlib.util
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from trainer.sampling import Completion, FinishReason, Prompt
from trainer.sampling.openai_sampler import OpenAISampler


class Stand(ThreadingHTTPServer):
    """Answers with the prompt's tokens backwards; what it was asked is in `asked`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, Any]] = []
        self.failures = 0
        self.tells_tokens = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Stand
    protocol_version = "HTTP/1.0"  # a connection ends with its answer

    def do_GET(self) -> None:
        self._answer(200, {"data": [{"id": "tiny", "max_model_len": 20}]})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(asked)
        if self.server.failures:
            self.server.failures -= 1
            self._answer(503, {"error": "busy"})
        elif asked["prompt"] == [13]:
            self._answer(400, {"error": "an unlucky prompt"})
        else:
            tokens = asked["prompt"][::-1]
            choice: dict[str, Any] = {"text": " ".join(map(str, tokens)), "logprobs": {"token_logprobs": [-0.5] * len(tokens)}}
            choice["finish_reason"] = "length" if len(tokens) >= asked["max_tokens"] else "stop"
            if self.server.tells_tokens:
                choice["token_ids"] = tokens
            self._answer(200, {"choices": [choice]})

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
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
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
    with sampler_of(stand.url) as sampler:
        found = dict(sampler.sample(asked))
    assert found[0] == Completion((2, 1), "2 1", FinishReason.STOP, (-0.5, -0.5))
    assert found[1].finish_reason is FinishReason.LENGTH
    sent = sorted(stand.asked, key=lambda each: len(each["prompt"]))
    assert [each["seed"] for each in sent] == [7, (1 << 63) - 1]
    assert (sent[0]["temperature"], sent[0]["top_p"], sent[0]["stop"]) == (0.5, 0.9, ["</x>"])
    assert "stop" not in sent[1]
    assert all(each["model"] == "tiny" and each["return_token_ids"] for each in sent)


def test_a_server_that_is_busy_is_asked_again_and_one_that_refuses_is_not(stand: Stand) -> None:
    stand.failures = 2
    with sampler_of(stand.url) as sampler:
        assert len(dict(sampler.sample([prompt(1, 2)]))) == 1
        assert len(stand.asked) == 3
        with pytest.raises(ValueError, match=r"400.*an unlucky prompt"):
            list(sampler.sample([prompt(13)]))


def test_a_server_that_does_not_tell_tokens_is_refused(stand: Stand) -> None:
    stand.tells_tokens = False
    with sampler_of(stand.url) as sampler, pytest.raises(ValueError, match="does not tell the tokens"):
        list(sampler.sample([prompt(1, 2)]))


def test_a_prompt_without_room_and_an_unknown_model_are_refused(stand: Stand) -> None:
    with sampler_of(stand.url) as sampler, pytest.raises(ValueError, match="prompt 1: 2 tokens and max_tokens 19 do not fit"):
        sampler.sample([prompt(1), prompt(1, 2, max_tokens=19)])
    with sampler_of(stand.url, model="other") as sampler, pytest.raises(ValueError, match="no model 'other', but tiny"):
        sampler.sample([prompt(1)])
    assert stand.asked == []


def test_what_nobody_waits_for_is_not_asked_for(stand: Stand) -> None:
    with sampler_of(stand.url, threads=1) as sampler:
        completions = sampler.sample([prompt(1, 2)] * 200)
        next(completions)
        completions.close()  # type: ignore[attr-defined]
    assert len(stand.asked) < 200


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
    with serving(folder) as url, sampler_of(url) as sampler:
        one, other = (dict(sampler.sample(asked)) for _ in range(2))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for place in range(3):
        assert one[place].token_ids == other[place].token_ids
        assert len(one[place].token_ids) == len(one[place].logprobs) <= 8
        assert tokenizer.decode(one[place].token_ids, skip_special_tokens=True).split() == one[place].text.split()
    assert len({completion.token_ids for completion in one.values()}) == 3
