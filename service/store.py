"""The judge's problems on disk.

    <data_dir>/problems/<id>.json    manifests (service.manifests), replaced atomically
    <data_dir>/blobs/…               texts by content (service.blobs)
    <data_dir>/manifests/…           what submissions that wait may have been let in for (service.kept_manifests)
    <data_dir>/store.lock            held shared by whoever changes a problem, exclusively by whoever collects garbage

Several threads and processes may use one folder: what another process stored is seen at the next `load`, for a manifest is
looked at (one stat) each time. Texts that no manifest names any more stay until `collect_garbage` (`tierline problems clean`).
"""

import fcntl
import logging
import threading
import weakref
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from service import kept_manifests
from service.blobs import BlobDamaged, BlobStore
from service.bounded_cache import BoundedCache
from service.errors import FieldError, Invalid, NotFound, TooLarge
from service.loaded_problem import LoadedProblem, StoredTexts, TextCache, load_inline, settings_of
from service.manifest_folder import ManifestFolder, ManifestPlace
from service.manifests import Manifest, StoredTest, file_name
from service.problem_writer import NewTest, ProblemWriter, too_large
from service.schemas import Problem, ProblemSettings, ProblemSummary, Test

__all__ = ["BlobDamaged", "Garbage", "LoadedProblem", "NewTest", "ProblemStore", "StoredTest"]

_log = logging.getLogger(__name__)
_LOADED_CACHE_BYTES = 64 << 20
_GENERATION_LOCKS = 64

Fallback = Callable[[str], bool]
"""Called with an unknown id; may put the problem, and says whether it did."""

_Summaries = list[ProblemSummary]
_Stamps = list[tuple[str, Hashable]]


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
        manifests: ManifestPlace | None = None,
    ) -> None:
        self._data_dir = data_dir
        self._folder = data_dir / "problems"
        self._manifests: ManifestPlace = manifests or ManifestFolder(self._folder)
        self._lock_file = data_dir / "store.lock"
        self._blobs = blobs or BlobStore(data_dir / "blobs")
        self._max_test_bytes = max_test_bytes
        self._fallback = fallback
        self._texts = TextCache(input_cache_bytes)
        self._loaded: BoundedCache[tuple[str, Hashable], LoadedProblem] = BoundedCache(_LOADED_CACHE_BYTES)
        self._in_use: weakref.WeakKeyDictionary[LoadedProblem, Manifest] = weakref.WeakKeyDictionary()
        self._in_use_lock = threading.Lock()
        self._summaries: dict[str, tuple[Hashable, ProblemSummary]] = {}
        self._generating = [threading.RLock() for _ in range(_GENERATION_LOCKS)]

    def put(self, id: str, problem: Problem) -> ProblemSummary:
        """Store a problem or replace it; the same content again writes nothing. Raises TooLarge and Invalid, naming the field."""
        tests = (NewTest(test.input, test.output, test.size, test.name) for test in problem.tests)
        return self.put_stream(id, settings_of(problem), tests)

    def put_stream(self, id: str, settings: ProblemSettings, tests: Iterable[NewTest]) -> ProblemSummary:
        """Store a problem whose tests come one at a time, texts in chunks if need be. When `tests` raises, nothing is stored."""
        file_name(id)  # raises Invalid before anything is read
        with self._locked(fcntl.LOCK_SH):
            manifest = ProblemWriter(self._blobs, self._max_test_bytes).write(id, settings, tests)
            self._keep(id, manifest)
        with suppress(FileNotFoundError):
            self._loaded.discard((id, self._manifests.stamp(id)))
        return manifest.summary()

    def delete(self, id: str) -> None:
        """Forget a problem. Raises NotFound."""
        try:
            with self._locked(fcntl.LOCK_SH):
                self._manifests.remove(id)
        except FileNotFoundError:
            raise _unknown(id) from None

    def load(self, id: str) -> LoadedProblem:
        """A problem to judge against; the same object until the problem changes. Raises NotFound."""
        try:
            return self._load(id)
        except FileNotFoundError:
            self._generate(id)
        try:
            return self._load(id)
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
        stamps = sorted((id, stamp) for id, stamp in self._manifests.stamps().items() if id.startswith(prefix))
        return self._summarized(stamps)[offset : None if limit is None else offset + limit]

    def collect_garbage(self) -> Garbage:
        """Remove texts that no problem has named for a week. Waits for running puts. Other processes may judge meanwhile.

        Raises BlobDamaged when it cannot be told what is needed.
        """
        with self._locked(fcntl.LOCK_EX):
            kept_manifests.drop_old(self._data_dir)
            keep: set[str] = set()
            for id in self._manifests.stamps():
                keep.update(blob.hash for blob in Manifest.from_json(self._manifests.read(id)).blobs)
            for manifest in kept_manifests.still_kept(self._data_dir):
                keep.update(blob.hash for blob in manifest.blobs)
            ManifestFolder(self._folder).drop_unfinished()
            return Garbage(*self._blobs.sweep(keep))

    def _keep(self, id: str, manifest: Manifest) -> None:
        """All texts of a problem are stored: make it the problem `id`."""
        self._manifests.replace(id, manifest.to_json())

    def _load(self, id: str) -> LoadedProblem:
        def read() -> tuple[LoadedProblem, int]:
            data = self._manifests.read(id)
            manifest = Manifest.from_json(data)
            texts = StoredTexts(manifest, self._blobs, self._texts)
            loaded = LoadedProblem(id, manifest.settings, manifest.digest, [*manifest.tests], texts)
            with self._in_use_lock:
                self._in_use[loaded] = manifest
            return loaded, 4 * len(data)

        return self._loaded.get((id, self._manifests.stamp(id)), read)

    def _generate(self, id: str) -> None:
        if self._fallback is None:
            raise _unknown(id)
        with self._generating[hash(id) % _GENERATION_LOCKS]:
            if not self._has(id) and not self._fallback(id):
                raise _unknown(id)

    def _has(self, id: str) -> bool:
        try:
            self._manifests.stamp(id)
        except FileNotFoundError:
            return False
        return True

    def _summarized(self, stamps: _Stamps) -> _Summaries:
        return [summary for id, stamp in stamps if (summary := self._summary(id, stamp)) is not None]

    def _summary(self, id: str, stamp: Hashable) -> ProblemSummary | None:
        try:
            known = self._summaries.get(id)
            if known is None or known[0] != stamp:
                known = self._summaries[id] = (stamp, Manifest.from_json(self._manifests.read(id)).summary())
            return known[1]
        except FileNotFoundError:
            self._summaries.pop(id, None)
        except BlobDamaged as error:
            _log.warning("problem %s cannot be listed: %s", id, error)
        return None

    @contextmanager
    def _locked(self, operation: int) -> Iterator[None]:
        self._lock_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock_file.open("ab") as file:
            fcntl.flock(file, operation)
            yield


def _unknown(id: str) -> NotFound:
    message = "not stored here; GET /v1/problems or `tierline problems list` names those that are"
    return NotFound(f"there is no problem {id!r}", errors=[FieldError("problem", message)])


def _decoded(chunks: Iterable[bytes], id: str, path: str) -> str:
    try:
        return b"".join(chunks).decode()
    except UnicodeDecodeError as error:
        message = "is not UTF-8 and cannot travel in JSON; export the problem as a package"
        raise Invalid(f"{path} of {id} {message}", errors=[FieldError(path, message)]) from error
