"""Merges blocks in as many processes as there are cores.

Threads would not do: torch and numpy give up the interpreter's lock for microseconds at a time, and two computing threads
spend more time handing it to each other than they gain (measured). Forking costs milliseconds, as torch is loaded already.
"""

import fcntl
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from merge.blocks import Buffers, Scratch, TensorMerge
from merge.errors import MergeRefused
from merge.measures import LayerMeasures

_MOST = 8
"""More wait for memory and for each other."""
_PIPE_BYTES = 1 << 20
"""So that processes go on while nobody reads what they say: about two thousand blocks."""
_SETTLED = 64
"""Blocks that a process writes before it has the disk take them: 64 or 128 MB for each output."""


@dataclass(frozen=True, slots=True)
class BlockResult:
    """`digests`: of the block's bytes in each checkpoint."""

    measures: LayerMeasures
    digests: list[bytes]
    read_bytes: int


def processes_to_use() -> int:
    """As many as cores; one, this one, where it runs other threads, whose locks a fork would take along."""
    return min(_MOST, len(os.sched_getaffinity(0))) if threading.active_count() == 1 else 1


@contextmanager
def merging(jobs: Sequence[TensorMerge], processes: int) -> Iterator[Iterator[BlockResult]]:
    """Start to merge all blocks of these tensors. Gives a result for each, in their order, whoever merged them.

    Results raise what merging raised; leaving stops it.
    """
    if processes == 1:
        yield _share(jobs, 0, 1)
        return
    workers = [_Worker(jobs, place, processes) for place in range(processes)]
    try:
        yield (workers[number % processes].result() for number in range(sum(job.blocks for job in jobs)))
    finally:
        for worker in workers:
            worker.stop()


def _share(jobs: Sequence[TensorMerge], place: int, processes: int) -> Iterator[BlockResult]:
    """Merge every so many of the blocks."""
    buffers, scratch = Buffers.for_jobs(jobs), Scratch()
    blocks = [(job, number) for job in jobs for number in range(job.blocks)]
    for done, (job, number) in enumerate(blocks[place::processes], 1):
        read = job.read(number, buffers)
        measures = job.compute(number, read, buffers, scratch)
        job.write(number, read, buffers)
        if done % _SETTLED == 0:
            job.settle()
        yield BlockResult(measures, read.digests, sum(map(len, read.raw)))


class _Worker:
    def __init__(self, jobs: Sequence[TensorMerge], place: int, processes: int) -> None:
        context = multiprocessing.get_context("fork")
        self._receiver, sender = context.Pipe(duplex=False)
        fcntl.fcntl(sender.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._process = context.Process(target=_work, args=(jobs, place, processes, sender), daemon=True)
        self._process.start()
        sender.close()

    def result(self) -> BlockResult:
        """The next one."""
        try:
            said = self._receiver.recv()
        except EOFError:
            self._process.join()
            raise MergeRefused(
                f"a process that merged ended with {self._process.exitcode}. Fix: free memory, run it again"
            ) from None
        if isinstance(said, BlockResult):
            return said
        raise said

    def stop(self) -> None:
        """Where it still works, nobody wants it any more."""
        self._process.terminate()
        self._process.join()
        self._process.close()
        self._receiver.close()


def _work(jobs: Sequence[TensorMerge], place: int, processes: int, sender: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        for result in _share(jobs, place, processes):
            sender.send(result)
    except BrokenPipeError:  # the parent was killed
        os._exit(1)
    except Exception as error:  # it raises what the parent will raise
        sender.send(error)
