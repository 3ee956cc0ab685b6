"""The judge's problems on disk.

    <data_dir>/problems/<id>.json    manifests (service.manifests), replaced atomically
    <data_dir>/blobs/…               texts by content (service.blobs)
    <data_dir>/store.lock            held shared by whoever writes a problem, exclusively by whoever collects garbage

Several threads and processes may use one folder: what another process stored is seen at the next `load`, for a manifest is
looked at (one stat) each time. Texts that no manifest names any more stay until `collect_garbage`.
"""

import fcntl
import logging
import os
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.blobs import BlobDamaged, BlobStore, replace_synced
from service.bounded_cache import BoundedCache
from service.errors import FieldError, Invalid, NotFound, TooLarge
from service.loaded_problem import LoadedProblem, StoredTexts, TextCache, load_inline, settings_of
from service.manifests import Manifest, StoredTest, file_name, id_of
from service.problem_writer import NewTest, ProblemWriter, too_large
from service.schemas import Problem, ProblemSettings, ProblemSummary, Test

__all__ = ["BlobDamaged", "Garbage", "LoadedProblem", "NewTest", "ProblemStore", "StoredTest"]

_log = logging.getLogger(__name__)
_LOADED_CACHE_BYTES = 64 << 20
_GENERATION_LOCKS = 64
_TEMPORARY = ".new-"

Fallback = Callable[[str], bool]
"""Called with an unknown id; may put the problem, and says whether it did."""

Stamp = tuple[int, int, int]
_Summaries = list[ProblemSummary]


@dataclass(frozen=True, slots=True)
class Garbage:
    """What a collection removed."""

    files: int
    disk_bytes: int


class ProblemStore:
    """Problems by id. Thread-safe. Raises NotFound for unknown ids, Invalid for what is no id, BlobDamaged for damage."""

    def __init__(
        self,
        data_dir: Path,
        *,
        input_cache_bytes: int = 512 << 20,
        max_test_bytes: int = 64 << 20,
        fallback: Fallback | None = None,
        blobs: BlobStore | None = None,
    ) -> None:
        self._folder = data_dir / "problems"
        self._lock_file = data_dir / "store.lock"
        self._blobs = blobs or BlobStore(data_dir / "blobs")
        self._max_test_bytes = max_test_bytes
        self._fallback = fallback
        self._texts = TextCache(input_cache_bytes)
        self._loaded: BoundedCache[tuple[str, Stamp], LoadedProblem] = BoundedCache(_LOADED_CACHE_BYTES)
        self._in_use: weakref.WeakKeyDictionary[LoadedProblem, Manifest] = weakref.WeakKeyDictionary()
        self._in_use_lock = threading.Lock()
        self._summaries: dict[str, tuple[Stamp, ProblemSummary]] = {}
        self._generating = [threading.RLock() for _ in range(_GENERATION_LOCKS)]

    def put(self, id: str, problem: Problem) -> ProblemSummary:
        """Store a problem or replace it; the same content again writes nothing. Raises TooLarge and Invalid, naming the field."""
        tests = (NewTest(test.input, test.output, test.size, test.name) for test in problem.tests)
        return self.put_stream(id, settings_of(problem), tests)

    def put_stream(self, id: str, settings: ProblemSettings, tests: Iterable[NewTest]) -> ProblemSummary:
        """Store a problem whose tests come one at a time, texts in chunks if need be. When `tests` raises, nothing is stored."""
        path = self._folder / file_name(id)
        with self._locked(fcntl.LOCK_SH):
            manifest = ProblemWriter(self._blobs, self._max_test_bytes).write(id, settings, tests)
            self._publish(path, manifest.to_json())
        self._loaded.discard((id, _stamp(path)))
        return manifest.summary()

    def delete(self, id: str) -> None:
        """Forget a problem. Raises NotFound."""
        try:
            (self._folder / file_name(id)).unlink()
        except FileNotFoundError:
            raise _unknown(id) from None

    def load(self, id: str) -> LoadedProblem:
        """A problem to judge against; the same object until the problem changes. Raises NotFound."""
        path = self._folder / file_name(id)
        try:
            return self._load(id, path)
        except FileNotFoundError:
            self._generate(id, path)
        try:
            return self._load(id, path)
        except FileNotFoundError:
            raise _unknown(id) from None

    def inline(self, problem: Problem) -> LoadedProblem:
        """A problem that came with a submission, held in memory only. Raises TooLarge, naming the field."""
        for index, test in enumerate(problem.tests):
            for part, text in (("input", test.input), ("output", test.output)):
                if len(text) * 4 > self._max_test_bytes and len(text.encode()) > self._max_test_bytes:
                    raise too_large(f"tests.{index}.{part}", self._max_test_bytes)
        return load_inline(problem, self._texts)

    def manifest_of(self, loaded: LoadedProblem) -> Manifest:
        """What is stored of a problem that `load` gave."""
        with self._in_use_lock:
            return self._in_use[loaded]

    def get(self, id: str, *, max_bytes: int | None = None) -> Problem:
        """The whole problem. Raises TooLarge past `max_bytes` of texts, and Invalid when a text is not UTF-8: export those."""
        loaded = self.load(id)
        total = sum(test.input_bytes + test.output_bytes for test in loaded.tests)
        if max_bytes is not None and total > max_bytes:
            raise TooLarge(f"the tests of {id} are {total} bytes together; export the problem instead of fetching it whole")
        tests = tuple(
            Test(
                input=_decoded(loaded.input_chunks(test.index), id, f"tests.{test.index}.input"),
                output=_decoded(loaded.output_chunks(test.index), id, f"tests.{test.index}.output"),
                size=None if test.size == test.input_bytes else test.size,
                name=test.name,
            )
            for test in loaded.tests
        )
        settings = {name: getattr(loaded.settings, name) for name in ProblemSettings.model_fields}
        return Problem(**settings, tests=tests)

    def list(self, *, prefix: str = "", offset: int = 0, limit: int | None = None) -> _Summaries:
        """Summaries of the stored problems by id. A problem whose manifest is damaged is left out, and logged."""
        ids = sorted(id_of(name) for name in self._manifest_names())
        found = [summary for id in ids if id.startswith(prefix) and (summary := self._summary(id)) is not None]
        return found[offset : None if limit is None else offset + limit]

    def collect_garbage(self) -> Garbage:
        """Remove texts that no problem names. Waits for running puts; keeps what problems loaded in this process still need."""
        with self._locked(fcntl.LOCK_EX):
            keep: set[str] = set()
            for name in self._manifest_names():
                keep.update(blob.hash for blob in Manifest.from_json((self._folder / name).read_bytes()).blobs)
            with self._in_use_lock:
                keep.update(blob.hash for manifest in self._in_use.values() for blob in manifest.blobs)
            for left in self._folder.glob(f"{_TEMPORARY}*"):
                left.unlink(missing_ok=True)
            return Garbage(*self._blobs.sweep(keep))

    def _load(self, id: str, path: Path) -> LoadedProblem:
        def read() -> tuple[LoadedProblem, int]:
            with self._locked(fcntl.LOCK_SH):  # no collection between reading the manifest and being known as in use
                data = path.read_bytes()
                manifest = Manifest.from_json(data)
                texts = StoredTexts(manifest, self._blobs, self._texts)
                loaded = LoadedProblem(id, manifest.settings, manifest.digest, [*manifest.tests], texts)
                with self._in_use_lock:
                    self._in_use[loaded] = manifest
            return loaded, 4 * len(data)

        return self._loaded.get((id, _stamp(path)), read)

    def _generate(self, id: str, path: Path) -> None:
        if self._fallback is None:
            raise _unknown(id)
        with self._generating[hash(id) % _GENERATION_LOCKS]:
            if not path.exists() and not self._fallback(id):
                raise _unknown(id)

    def _summary(self, id: str) -> ProblemSummary | None:
        path = self._folder / file_name(id)
        try:
            stamp = _stamp(path)
            known = self._summaries.get(id)
            if known is None or known[0] != stamp:
                known = self._summaries[id] = (stamp, Manifest.from_json(path.read_bytes()).summary())
            return known[1]
        except FileNotFoundError:
            self._summaries.pop(id, None)
        except BlobDamaged as error:
            _log.warning("problem %s cannot be listed: %s", id, error)
        return None

    def _manifest_names(self) -> Iterator[str]:
        if self._folder.is_dir():
            with os.scandir(self._folder) as entries:
                yield from (entry.name for entry in entries if entry.name.endswith(".json") and not entry.name.startswith("."))

    def _publish(self, path: Path, data: bytes) -> None:
        if path.exists() and path.read_bytes() == data:
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._folder, prefix=_TEMPORARY, delete=False) as file:
            try:
                file.write(data)
                replace_synced(file, path)
            finally:
                Path(file.name).unlink(missing_ok=True)

    @contextmanager
    def _locked(self, operation: int) -> Iterator[None]:
        self._lock_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock_file.open("ab") as file:
            fcntl.flock(file, operation)
            yield


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return status.st_mtime_ns, status.st_ino, status.st_size


def _unknown(id: str) -> NotFound:
    message = "not stored here; GET /v1/problems or `tierline problems list` names those that are"
    return NotFound(f"there is no problem {id!r}", errors=[FieldError("problem", message)])


def _decoded(chunks: Iterable[bytes], id: str, path: str) -> str:
    try:
        return b"".join(chunks).decode()
    except UnicodeDecodeError as error:
        message = "is not UTF-8 and cannot travel in JSON; export the problem as a package"
        raise Invalid(f"{path} of {id} {message}", errors=[FieldError(path, message)]) from error
