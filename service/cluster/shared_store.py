"""The problem store of a server that has company: what is put here appears in the depot, what others put there appears here.

Where the depot is this server's own data folder there is nothing to copy. Else the folder on this disk is a working copy, with a
bounded cache of texts; before a problem is used, the depot is asked whether it has changed.
"""

import fcntl
import threading
import time
from collections.abc import Iterable

from service.blobs import BlobStore
from service.cluster.depot import Depot, Version, blob_name, manifest_name, problem_name, reachable
from service.cluster.fetched_blobs import FetchedBlobs
from service.errors import NotFound
from service.loaded_problem import LoadedProblem
from service.manifests import Manifest, file_name, id_of
from service.schemas import ProblemSettings, ProblemSummary
from service.settings import Settings
from service.store import Fallback, NewTest, ProblemStore

_TRUSTED_S = 1.0


class SharedStore(ProblemStore):
    """A `ProblemStore` in front of a depot. Raises Unavailable when the depot cannot be reached."""

    def __init__(self, settings: Settings, depot: Depot, *, fallback: Fallback | None = None) -> None:
        self._same = depot.is_local and depot.folder.resolve() == settings.data_dir.resolve()
        folder = settings.data_dir if self._same else settings.data_dir / "working-copy"
        blobs = (
            BlobStore(folder / "blobs") if self._same else FetchedBlobs(folder / "blobs", depot, settings.store_cache_mb << 20)
        )
        super().__init__(
            folder,
            input_cache_bytes=settings.input_cache_mb << 20,
            max_test_bytes=settings.max_test_mb << 20,
            fallback=fallback,
            blobs=blobs,
        )
        self._depot = depot
        self._seen: dict[str, tuple[float, Version | None]] = {}
        self._fetching = threading.Lock()

    def put_stream(self, id: str, settings: ProblemSettings, tests: Iterable[NewTest]) -> ProblemSummary:
        """Store a problem here and in the depot."""
        summary = super().put_stream(id, settings, tests)
        self.offer(super().load(id), under=id)
        return summary

    def delete(self, id: str) -> None:
        """Forget it here and in the depot. Raises NotFound."""
        self._refresh(id)
        super().delete(id)
        self._seen.pop(id, None)
        if not self._same:
            with reachable(self._depot):
                self._depot.remove(problem_name(id))

    def load(self, id: str) -> LoadedProblem:
        """As the depot has it now."""
        self._refresh(id)
        return super().load(id)

    def list(self, *, prefix: str = "", offset: int = 0, limit: int | None = None) -> "list[ProblemSummary]":
        """What the depot has now."""
        if not self._same:
            with reachable(self._depot):
                there = {id_of(name) for name in self._depot.names("problems") if name.endswith(".json")}
            here = {id_of(name) for name in self._manifest_names()}
            for id in there | here:
                if id.startswith(prefix):
                    self._refresh(id)
        return super().list(prefix=prefix, offset=offset, limit=limit)

    # -- to the depot ----------------------------------------------------------------------------------------------

    def offer(self, loaded: LoadedProblem, *, under: str | None = None) -> None:
        """See to it that workers find a problem by its digest, and with `under` others by its id."""
        manifest = self.manifest_of(loaded)
        data = manifest.to_json()
        with reachable(self._depot):
            for blob in manifest.blobs:
                if not self._depot.has(blob_name(blob)) and (path := self._blobs.path(blob)).exists():
                    self._depot.write(blob_name(blob), path.read_bytes())  # what is lost here, workers will say is missing
            if not self._depot.has(manifest_name(manifest.digest)):
                self._depot.write(manifest_name(manifest.digest), data)
            if under is not None and not self._same:
                self._depot.write(problem_name(under), data)
                self._seen[under] = time.monotonic(), self._depot.version(problem_name(under))

    # -- from the depot --------------------------------------------------------------------------------------------

    def _refresh(self, id: str) -> None:
        """Have the manifest as the depot has it, or none where it has none."""
        name = problem_name(id)  # raises Invalid for what is no id
        if self._same:
            return
        with self._fetching, reachable(self._depot):
            looked, before = self._seen.get(id, (-_TRUSTED_S, None))
            if time.monotonic() - looked < _TRUSTED_S:
                return
            try:
                version = self._depot.version(name)
                if version != before:
                    self._take(id, self._depot.read(name))
            except FileNotFoundError:
                version = None
                self._drop(id)
            self._seen[id] = time.monotonic(), version

    def _take(self, id: str, data: bytes) -> None:
        Manifest.from_json(data)  # raises BlobDamaged: what is damaged there stays there
        with self._locked(fcntl.LOCK_SH):
            self._publish(self._folder / file_name(id), data)

    def _drop(self, id: str) -> None:
        try:
            super().delete(id)
        except NotFound:
            return
