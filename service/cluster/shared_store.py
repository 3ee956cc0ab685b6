"""The problem store of a server that has company: what is put here is in the depot, what others put there is seen here at once.

Where the depot is this server's own data folder it is a `ProblemStore` like any other. Else manifests are read from the depot
and kept nowhere but in memory, so that there is no second copy to grow old: each use of a problem asks the depot for its stamp (a
stat, or one request). Texts go through a bounded cache on this disk; their names say what they are, so they cannot grow old.
"""

from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor

from service.cluster.depot import Depot, problem_name, reachable
from service.cluster.fetched_blobs import FetchedBlobs
from service.kept_manifests import FOLDER, digest_of, kept_name
from service.loaded_problem import LoadedProblem
from service.manifests import Manifest, id_of
from service.schemas import Problem, ProblemSummary
from service.settings import Settings
from service.store import Fallback, Garbage, ProblemStore

_READ_AT_ONCE = 16
_PATIENCE_S = 1.0


class DepotManifests:
    """See `ManifestPlace`: those in a depot. Raises Unavailable when it cannot be reached."""

    def __init__(self, depot: Depot) -> None:
        self._depot = depot

    def stamp(self, id: str) -> Hashable:
        """One request."""
        with reachable(self._depot):
            info = self._depot.info(problem_name(id))
        if info is None:
            raise FileNotFoundError(id)
        return info.stamp, info.size

    def stamps(self) -> dict[str, Hashable]:
        """One listing."""
        with reachable(self._depot):
            infos = self._depot.infos("problems")
        return {
            id_of(name): (info.stamp, info.size)
            for name, info in infos.items()
            if name.endswith(".json") and not name.startswith(".")
        }

    def read(self, id: str) -> bytes:
        """One request."""
        with reachable(self._depot):
            return self._depot.read(problem_name(id))

    def replace(self, id: str, data: bytes) -> None:
        """One request."""
        with reachable(self._depot):
            self._depot.write(problem_name(id), data)

    def remove(self, id: str) -> None:
        """Two requests."""
        self.stamp(id)
        with reachable(self._depot):
            self._depot.remove(problem_name(id))


class SharedStore(ProblemStore):
    """A `ProblemStore` in a depot. Raises Unavailable when the depot cannot be reached."""

    def __init__(self, settings: Settings, depot: Depot, *, fallback: Fallback | None = None) -> None:
        self._depot = depot
        blobs, manifests = None, None
        if not depot.is_folder(settings.data_dir):
            folder, bound = settings.data_dir / "fetched", settings.store_cache_mb << 20
            blobs = FetchedBlobs(folder, depot, bound, patience_s=_PATIENCE_S)
            manifests = DepotManifests(depot)
        super().__init__(
            settings.data_dir,
            input_cache_bytes=settings.input_cache_mb << 20,
            max_test_bytes=settings.max_test_mb << 20,
            fallback=fallback,
            blobs=blobs,
            manifests=manifests,
        )

    def get(self, id: str, *, max_bytes: int | None = None) -> Problem:
        """The whole problem."""
        with reachable(self._depot):
            return super().get(id, max_bytes=max_bytes)

    def offer(self, loaded: LoadedProblem) -> None:
        """See to it that workers find a problem of `load` by its digest, for a week from now at least."""
        with reachable(self._depot):
            if not self._depot.is_fresh(kept_name(loaded.digest)):
                self._depot.keep(self.manifest_of(loaded))

    def collect_garbage(self) -> Garbage:
        """Remove texts that no problem names, nor any submission of the last week.

        No lock reaches all machines; age stands in for it. A put sends again what is older than a day, and nothing younger than a
        week is removed: so a put may take six days.
        """
        if self._depot.is_folder(self._data_dir):
            return super().collect_garbage()
        with reachable(self._depot):
            self._depot.drop_old()
            named = [Manifest.from_json(self._manifests.read(id)) for id in self._manifests.stamps()]
            kept = [self._depot.kept(digest_of(name)) for name in self._depot.infos(FOLDER)]
            files, size = self._depot.sweep({blob.hash for manifest in (*named, *kept) for blob in manifest.blobs})
            return Garbage(files, size)

    def _keep(self, id: str, manifest: Manifest) -> None:
        with reachable(self._depot):
            self._depot.keep(manifest)
        super()._keep(id, manifest)

    def _summarized(self, stamps: list[tuple[str, Hashable]]) -> list[ProblemSummary]:
        if self._depot.folder is not None:
            return super()._summarized(stamps)
        with ThreadPoolExecutor(_READ_AT_ONCE) as threads:
            found = threads.map(lambda one: self._summary(*one), stamps)
            return [summary for summary in found if summary is not None]
