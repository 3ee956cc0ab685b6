"""Which addresses are this machine, and which keys are good."""

from base64 import b64encode

import pytest
from starlette.exceptions import HTTPException

from service.errors import Unauthorized
from service.keys import Keys, is_loopback, refuse_open_address


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LOCALHOST", "localhost."])
def test_loopback_is_known(host: str) -> None:
    assert is_loopback(host)
    assert refuse_open_address(host, ()) is None


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "", "192.168.1.2", "judge.example", "localhost.example", "127.0.0.1.example", "2130706433"],  # noqa: S104
)
def test_everything_else_needs_keys(host: str) -> None:
    assert not is_loopback(host)
    assert "TIERLINE_API_KEYS" in (refuse_open_address(host, ()) or "")
    assert refuse_open_address(host, ("key",)) is None


def test_callers_are_told_apart_without_showing_their_keys() -> None:
    keys = Keys(("one", "two"))
    one, two = (keys.caller("/v1/run", {"authorization": f"Bearer {key}"}) for key in ("one", "two"))
    assert one != two
    assert "one" not in one
    assert keys.caller("/v1/run", {"authorization": "bearer one"}) == one


def basic(credentials: bytes) -> dict[str, str]:
    return {"authorization": f"Basic {b64encode(credentials).decode()}"}


def test_run_code_takes_a_key_as_the_password_and_nothing_else_does() -> None:
    keys = Keys(("one", "two"))
    assert keys.caller("/run_code", basic(b"anybody:two")) == keys.caller("/run_code", {"authorization": "Bearer two"})
    for path, credentials in (("/run_code", b"two:"), ("/run_code", b"two"), ("/run_code", b":thre\xff"), ("/v1/run", b"x:two")):
        with pytest.raises(Unauthorized):
            keys.caller(path, basic(credentials))
    with pytest.raises(Unauthorized):
        keys.caller("/run_code", {"authorization": "Basic two"})


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer thre", "Bearer onetwo", "one", "Basic one", "Bearer \udce9"])
def test_what_is_no_key_is_refused(header: str) -> None:
    with pytest.raises(Unauthorized):
        Keys(("one", "two")).caller("/v1/run", {"authorization": header})


@pytest.mark.parametrize("host", ["", "evil.example", "127.0.0.1.evil.example", "[::1", "10.0.0.1:8077"])
def test_without_keys_only_loopback_names_are_answered(host: str) -> None:
    with pytest.raises(HTTPException) as caught:
        Keys(()).caller("/healthz", {"host": host})
    assert caught.value.status_code == 403


def test_without_keys_origins_must_be_our_own_to_the_port() -> None:
    keys = Keys(())
    assert keys.caller("/v1/run", {"host": "localhost:8077", "origin": "http://localhost:8077"}) == ""
    with pytest.raises(HTTPException):
        keys.caller("/v1/run", {"host": "localhost:8077", "origin": "http://localhost:3000"})
