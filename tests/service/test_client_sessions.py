"""Sessions through both clients, against a real server; and against a connection that is lost at the wrong moment."""

import asyncio
import socket
import threading

import httpx
import pytest

from service.client import AsyncTierlineClient, Patience, TierlineClient
from service.errors import Conflict, Gone, Invalid, NotFound, Overloaded, TooLarge
from service.schemas import Base64, RunRequest, Verdict
from service.session_schemas import ExecRequest, SessionRequest
from tests.service.serving import Serving, server_fixture

HASTY = Patience(attempts=4, pause_s=0.01, longest_pause_s=0.02, full_s=0.5)


server = server_fixture(sessions_per_key=2)


def test_session_is_used_and_closed(server: Serving) -> None:
    with TierlineClient(server.url, patience=HASTY) as judge:
        with judge.session(SessionRequest(disk_limit_mb=4)) as session:
            assert session.info.disk_limit_mb == 4
            session.put("dir/ä b%?.txt", b"1 2 3")
            done = session.run("cat dir/* | wc -w; exit 4", time_limit_s=5)
            assert (done.stdout, done.end, done.exit_code) == ("3\n", "exit", 4)
            assert session.run(["printf", "%s|", "a b", "$HOME"]).stdout == "a b|$HOME|"
            told = session.run(ExecRequest(command="cat", stdin=Base64.of(b"\xff"), encoding="base64"))
            assert told.stdout == "/w=="
            assert session.get("dir/ä b%?.txt") == b"1 2 3"
            assert [entry.name for entry in session.files("dir").entries] == ["ä b%?.txt"]
            assert [info.id for info in judge.sessions()] == [session.id]
            assert session.standing().commands == 3
            with pytest.raises(Conflict, match="not empty"):
                session.delete("dir")
            session.delete("dir/ä b%?.txt")
            session.delete("dir")
            with pytest.raises(NotFound, match="no such file"):
                session.get("dir")
            for path in ("..", "../x", "", "/etc/passwd"):
                with pytest.raises(Invalid, match="no path"):
                    session.delete(path)
            with pytest.raises(TooLarge, match="disk is full"):
                session.put("big", bytes(5 << 20))
        with pytest.raises(Gone, match="its caller closed it"):
            session.run("true")
        session.close()  # harmless
        assert judge.sessions() == []


def test_same_calls_to_await(server: Serving) -> None:
    async def use() -> None:
        async with AsyncTierlineClient(server.url, patience=HASTY) as judge:
            async with judge.session() as session:
                await session.put("a", b"x")
                first, second = await asyncio.gather(session.run("cat a >> b; cat b"), session.run("cat a >> b; cat b"))
                assert {first.stdout, second.stdout} == {"x", "xx"}
                assert await session.get("b") == b"xx"
                assert len((await session.files()).entries) == 2
                await session.delete("b")
                assert (await session.standing()).commands == 2
                assert len(await judge.sessions()) == 1
            with pytest.raises(Gone):
                await session.get("a")
            assert await judge.sessions() == []

    asyncio.run(use())


def test_session_is_closed_when_the_block_fails_and_that_error_is_told(server: Serving) -> None:
    with TierlineClient(server.url, patience=HASTY) as judge:
        with pytest.raises(ZeroDivisionError), judge.session():
            raise ZeroDivisionError
        assert judge.sessions() == []


def test_full_judge_is_asked_again_until_a_session_is_closed(server: Serving) -> None:
    with TierlineClient(server.url, patience=HASTY) as judge:
        first, second = judge.session(), judge.session()
        with pytest.raises(Overloaded, match="TIERLINE_SESSIONS_PER_KEY"):
            judge.session()
        patient = TierlineClient(server.url, patience=Patience(full_s=30))
        threading.Timer(0.1, first.close).start()
        with patient, patient.session() as third:
            assert third.run("echo fine").stdout == "fine\n"
        second.close()


def test_command_is_not_sent_twice_when_the_connection_is_lost() -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def hang_up() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                heard.append(connection.recv(65536))
                connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with TierlineClient(url, patience=HASTY) as judge:
            from service import client_protocol

            with pytest.raises(httpx.TransportError):
                judge._drive(client_protocol.execute("x", ExecRequest(command="true"), HASTY))
            assert len(heard) == 1
            with pytest.raises(httpx.TransportError):
                judge._drive(client_protocol.get_file("x", "y", HASTY))
            assert len(heard) == 1 + HASTY.attempts
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_run_with_files(server: Serving) -> None:
    request = RunRequest(
        language="python",
        source="import sys; data = open('in', 'rb').read(); open('out', 'wb').write(data[::-1]); print(sys.stdin.read())",
        stdin="text",
        files={"in": Base64.of(b"\x00\xff")},
        collect=("out", "none"),
    )
    with TierlineClient(server.url, patience=HASTY) as judge:
        result = judge.run(request)
    assert (result.verdict, result.stdout, result.files["none"].found) == (Verdict.AC, "text\n", False)
    assert result.files["out"].base64 == Base64.of(b"\xff\x00").base64
