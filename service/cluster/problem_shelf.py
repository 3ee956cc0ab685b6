"""Problems at a worker, found by digest: in memory, in its bounded cache on disk, or in the depot.

While Redis or the depot is away, a worker waits: what it judges is not to end as JE because something restarts.
"""

from pathlib import Path
from typing import cast

import redis
import zstandard
from pydantic import ValidationError

from service.blobs import BlobDamaged
from service.bounded_cache import BoundedCache
from service.cluster import names
from service.cluster.depot import Depot
from service.cluster.fetched_blobs import FetchedBlobs
from service.cluster.patience import patient
from service.compression import decompress
from service.loaded_problem import LoadedProblem, StoredTexts, TextCache, load_inline
from service.schemas import Problem

_LOADED_BYTES = 64 << 20
_PATIENCE_S = 60.0


class ProblemShelf:
    """The receiving end of `ProblemPost`. For threads."""

    def __init__(
        self,
        client: redis.Redis,
        depot: Depot,
        folder: Path,
        *,
        cache_mb: int,
        input_cache_mb: int,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self._client = client
        self._depot = depot
        self._patience_s = patience_s
        self.blobs = FetchedBlobs(folder, depot, cache_mb << 20, patience_s=patience_s)
        self._texts = TextCache(input_cache_mb << 20)
        self._loaded: BoundedCache[str, LoadedProblem] = BoundedCache(_LOADED_BYTES)

    def get(self, digest: str) -> LoadedProblem:
        """Raises BlobDamaged when nobody has it any more or it is not what was asked for.

        Raises OSError or redis.RedisError when it cannot be asked for, after having waited.
        """
        return self._loaded.get(digest, lambda: self._load(digest))

    def _load(self, digest: str) -> tuple[LoadedProblem, int]:
        for attempt in patient(self._patience_s):
            with attempt:
                loaded, size = self._found(digest)
        if loaded.digest != digest:
            raise BlobDamaged(f"the problem {digest} is another than was asked for; put it, and send the submission again")
        return loaded, size

    def _found(self, digest: str) -> tuple[LoadedProblem, int]:
        """Small inline ones are in Redis, stored ones in the depot by digest, large inline ones whole."""
        body = cast(bytes | None, self._client.get(names.problem(digest)))
        if body is not None:
            return self._inline(digest, body)
        try:
            return self._stored(digest)
        except FileNotFoundError:
            pass
        try:
            return self._inline(digest, self._depot.inline(digest))
        except FileNotFoundError as error:
            raise BlobDamaged(
                f"the problem {digest} is not in {self._depot.shown}; put it and send the submission again"
            ) from error

    def _inline(self, digest: str, body: bytes) -> tuple[LoadedProblem, int]:
        try:
            text = decompress(body)
            return load_inline(Problem.model_validate_json(text), self._texts), 3 * len(text)
        except (zstandard.ZstdError, ValidationError) as error:
            raise BlobDamaged(f"the problem {digest} cannot be read ({error}); send the submission again") from error

    def _stored(self, digest: str) -> tuple[LoadedProblem, int]:
        manifest = self._depot.kept(digest)
        texts = StoredTexts(manifest, self.blobs, self._texts)
        size = 1024 + 512 * len(manifest.tests)
        return LoadedProblem(manifest.id, manifest.settings, manifest.digest, [*manifest.tests], texts), size
