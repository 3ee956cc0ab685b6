"""Both ends of a stream, joined as an engine joins them: stdin as it is, stdout and stderr in chunks."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from sandbox import BoxDied, MemFile
from sandbox.inside.channel import Stream
from sandbox.stream_channel import StreamChannel

Ends = tuple[StreamChannel, Stream]


def multiplex(source: int, kind: int, target: socket.socket, chunk: int) -> None:
    """What an engine does with one of a container's output streams."""
    with suppress(OSError):
        while data := os.read(source, chunk):
            target.sendall(bytes([kind, 0, 0, 0]) + len(data).to_bytes(4, "big") + data)
        target.shutdown(socket.SHUT_WR)
    os.close(source)


def feed(source: socket.socket, target: int) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            while data:
                data = data[os.write(target, data) :]
    os.close(target)


@pytest.fixture(params=[7, 4096], ids=["tiny chunks", "usual chunks"])
def ends(request: pytest.FixtureRequest) -> Iterator[Ends]:
    ours, engines = socket.socketpair()
    (stdin, to_stdin), (from_stdout, stdout) = os.pipe(), os.pipe()
    threads = [
        threading.Thread(target=multiplex, args=(from_stdout, 1, engines, request.param)),
        threading.Thread(target=feed, args=(engines, to_stdin)),
    ]
    for thread in threads:
        thread.start()
    channel = StreamChannel("test", ours)
    channel.set_timeout(20)
    box = Stream(stdin, stdout)
    yield channel, box
    channel.hang_up()
    os.close(stdout)
    for thread in threads:
        thread.join()
    os.close(stdin)
    channel.close()
    engines.close()


def test_frames_and_files_go_there_and_outputs_and_files_come_back(ends: Ends) -> None:
    channel, box = ends
    data = bytes(range(256)) * 1000
    with MemFile.sealed(data) as given, MemFile.sealed(b"") as nothing, MemFile.empty() as stdout, MemFile.empty() as stderr:
        sender = threading.Thread(target=channel.send, args=(b'{"op": "run"}', [given.fd, nothing.fd], [stdout.fd, stderr.fd]))
        sender.start()
        frame, fds = box.receive()
        sender.join()
        assert frame == b'{"op": "run"}'
        assert [os.pread(fd, 1 << 20, 0) for fd in fds] == [data, b"", b"", b""]
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.write(fds[0], b"x")
        again = os.open(f"/proc/self/fd/{fds[0]}", os.O_WRONLY)
        with pytest.raises(PermissionError):  # sealed
            os.write(again, b"x")
        os.close(again)
        os.write(fds[2], b"printed")
        with MemFile.sealed(b"made" * 5000) as made:
            box.send(b'{"end": "exit"}', [made.fd])
        answer, files = channel.receive()
        assert answer == {"end": "exit"}
        assert (stdout.read(), stderr.read()) == (b"printed", b"")
        (brought,) = files
        with MemFile(brought) as file:
            assert file.read() == b"made" * 5000
        for fd in fds:
            os.close(fd)


def test_a_failed_answer_leaves_the_stream_in_step(ends: Ends) -> None:
    channel, box = ends
    with MemFile.empty() as output:
        channel.send(b"{}", (), [output.fd])
        _, fds = box.receive()
        os.write(fds[0], b"half")
        os.close(fds[0])
        box.send(b'{"failed": "no such command"}')
        with pytest.raises(BoxDied, match="no such command"):
            channel.receive()
    box.send(b'{"ok": true}')
    assert channel.receive() == ({"ok": True}, [])


def test_a_cancellation_never_gets_in_between_a_frame_and_its_files(ends: Ends) -> None:
    channel, box = ends
    with MemFile.sealed(bytes(4 << 20)) as given:
        sender = threading.Thread(target=channel.send, args=(b'{"op": "run"}', [given.fd]))
        sender.start()
        canceller = threading.Thread(target=channel.tell, args=(b'{"op": "cancel"}',))
        canceller.start()
        received = [box.receive(), box.receive()]
        sender.join()
        canceller.join()
    assert sorted(frame for frame, _ in received) == [b'{"op": "cancel"}', b'{"op": "run"}']
    (size,) = [os.fstat(fd).st_size for _, fds in received for fd in fds]
    assert size == 4 << 20
    for _, fds in received:
        for fd in fds:
            os.close(fd)


def test_the_hosts_death_is_an_empty_frame(ends: Ends) -> None:
    channel, box = ends
    channel.hang_up()
    assert box.receive() == (b"", [])


def test_a_container_that_ends_is_a_dead_box_with_what_it_said() -> None:
    ours, engines = socket.socketpair()
    channel = StreamChannel("7", ours)
    said = b"ModuleNotFoundError: no runner"
    engines.sendall(bytes([2, 0, 0, 0]) + len(said).to_bytes(4, "big") + said)
    engines.close()
    with pytest.raises(BoxDied, match="no runner"):
        channel.receive()
    channel.close()
