"""A problem that is ready to be judged: its tests' inputs as sealed memory files, expected outputs as bytes."""

import hashlib
import resource
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol

from sandbox.memfile import MemFile
from service.blobs import Blob, BlobStore
from service.bounded_cache import BoundedCache
from service.manifests import Manifest, Slice, StoredTest, problem_digest
from service.schemas import Problem, ProblemSettings
from service.tiers import Ranking

_PAGE = 4096
_RAW_CACHE_BYTES = 64 << 20

TextKey = tuple[str, int, int]
"""Names a text by content: hash of its blob, offset, length."""


class Texts(Protocol):
    """Where a loaded problem gets its texts from."""

    def input(self, index: int) -> MemFile:
        """The input, sealed; shared, so never to be closed by the caller."""

    def expected(self, index: int) -> bytes:
        """The expected output."""

    def input_chunks(self, index: int) -> Iterable[bytes]:
        """The input, past the caches."""

    def output_chunks(self, index: int) -> Iterable[bytes]:
        """The expected output, past the caches."""


class Lease(AbstractContextManager[MemFile]):
    """Keeps a shared memory file open for the length of a `with`."""

    __slots__ = ("_file",)

    def __init__(self, file: MemFile) -> None:
        self._file: MemFile | None = file

    def __enter__(self) -> MemFile:
        assert self._file is not None, "a lease is entered once"
        return self._file

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file = None


class LoadedProblem:
    """Settings and tests of one problem. Thread-safe; an object stays usable after its problem is replaced or deleted."""

    __slots__ = ("__weakref__", "_texts", "digest", "id", "ranking", "settings", "tests")

    def __init__(self, id: str, settings: ProblemSettings, digest: str, tests: list[StoredTest], texts: Texts) -> None:
        self.id = id
        """Empty for an inline problem."""
        self.settings = settings
        self.digest = digest
        self.tests = tests
        """In the order they were sent."""
        self.ranking = Ranking.of([test.size for test in tests], settings.tiers)
        self._texts = texts

    def input(self, index: int) -> Lease:
        """`with problem.input(i) as file:` gives test i's input. The file's offset is shared: read it with pread or reopen it."""
        return Lease(self._texts.input(index))

    def expected(self, index: int) -> bytes:
        """Test i's expected output. Raises BlobDamaged."""
        return self._texts.expected(index)

    def input_chunks(self, index: int) -> Iterable[bytes]:
        """Test i's input for copying it elsewhere, past the caches. Raises BlobDamaged, at the latest after the last chunk."""
        return self._texts.input_chunks(index)

    def output_chunks(self, index: int) -> Iterable[bytes]:
        """Test i's expected output, likewise."""
        return self._texts.output_chunks(index)


class TextCache:
    """Texts in memory, shared by all problems: inputs as memory files, outputs and packs of small texts as bytes."""

    def __init__(self, input_cache_bytes: int) -> None:
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        descriptors = 1 << 16 if soft == resource.RLIM_INFINITY else soft // 4
        self._inputs: BoundedCache[TextKey, MemFile] = BoundedCache(input_cache_bytes, max_entries=max(16, descriptors))
        self._raw: BoundedCache[str, bytes] = BoundedCache(min(_RAW_CACHE_BYTES, input_cache_bytes))

    def input(self, key: TextKey, chunks: Callable[[], Iterable[bytes]]) -> MemFile:
        """The memory file of a text; `chunks` is called when it has to be made."""

        def load() -> tuple[MemFile, int]:
            # A file's last page, and what the kernel keeps of each file, are paid too.
            return MemFile.sealed(chunks()), key[2] + 2 * _PAGE

        return self._inputs.get(key, load)

    def raw(self, blobs: BlobStore, blob: Blob) -> bytes:
        """All bytes of a blob. Raises BlobDamaged."""

        def load() -> tuple[bytes, int]:
            return blobs.read(blob), blob.raw_bytes + _PAGE

        return self._raw.get(blob.hash, load)


class StoredTexts:
    """Texts of a stored problem, read when they are first needed."""

    def __init__(self, manifest: Manifest, blobs: BlobStore, cache: TextCache) -> None:
        self._manifest = manifest
        self._blobs = blobs
        self._cache = cache

    def input(self, index: int) -> MemFile:
        """The input, sealed. Raises BlobDamaged."""
        where = self._manifest.inputs[index]
        blob = self._manifest.blobs[where.blob]
        return self._cache.input((blob.hash, where.offset, where.length), lambda: self._chunks(where))

    def expected(self, index: int) -> bytes:
        """The expected output. Raises BlobDamaged."""
        return self._text(self._manifest.outputs[index])

    def input_chunks(self, index: int) -> Iterable[bytes]:
        """The input, past the caches."""
        return self._chunks(self._manifest.inputs[index])

    def output_chunks(self, index: int) -> Iterable[bytes]:
        """The expected output, past the caches."""
        return self._chunks(self._manifest.outputs[index])

    def _chunks(self, where: Slice) -> Iterable[bytes]:
        blob = self._manifest.blobs[where.blob]
        return self._blobs.chunks(blob) if where.length == blob.raw_bytes else (self._text(where),)

    def _text(self, where: Slice) -> bytes:
        raw = self._cache.raw(self._blobs, self._manifest.blobs[where.blob])
        return raw[where.offset : where.offset + where.length]


class InlineTexts:
    """Texts of a problem that came with a submission. They never reach the disk."""

    def __init__(self, problem: Problem, keys: Sequence[TextKey], cache: TextCache) -> None:
        self._tests = problem.tests
        self._keys = keys
        self._cache = cache

    def input(self, index: int) -> MemFile:
        """The input, sealed."""
        return self._cache.input(self._keys[index], lambda: self.input_chunks(index))

    def expected(self, index: int) -> bytes:
        """The expected output."""
        return self._tests[index].output.encode()

    def input_chunks(self, index: int) -> Iterable[bytes]:
        """The input."""
        return (self._tests[index].input.encode(),)

    def output_chunks(self, index: int) -> Iterable[bytes]:
        """The expected output."""
        return (self._tests[index].output.encode(),)


def load_inline(problem: Problem, cache: TextCache) -> LoadedProblem:
    """A loaded problem that exists in memory only. Its digest is the one it would have if it were stored."""
    settings = settings_of(problem)
    tests: list[StoredTest] = []
    parts: list[tuple[bytes, bytes, int]] = []
    for index, test in enumerate(problem.tests):
        source, answer = test.input.encode(), test.output.encode()
        size = len(source) if test.size is None else test.size
        tests.append(StoredTest(index, size, len(source), len(answer), test.name))
        parts.append((hashlib.sha256(source).digest(), hashlib.sha256(answer).digest(), size))
    keys = [(part[0].hex(), 0, test.input_bytes) for part, test in zip(parts, tests, strict=True)]
    texts = InlineTexts(problem, keys, cache)
    return LoadedProblem("", settings, problem_digest(settings, parts), tests, texts)


def settings_of(problem: ProblemSettings) -> ProblemSettings:
    """The problem without its tests."""
    return ProblemSettings.model_construct(**{name: getattr(problem, name) for name in ProblemSettings.model_fields})
