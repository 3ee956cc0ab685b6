"""Problems at a worker, found by digest: in memory, in its bounded cache on disk, or in the depot."""

from pathlib import Path
from typing import cast

import redis

from service.blobs import BlobDamaged
from service.bounded_cache import BoundedCache
from service.cluster import names
from service.cluster.depot import Depot, manifest_name
from service.cluster.fetched_blobs import FetchedBlobs
from service.compression import decompress
from service.loaded_problem import LoadedProblem, StoredTexts, TextCache, load_inline
from service.manifests import Manifest
from service.schemas import Problem

_LOADED_BYTES = 64 << 20


class ProblemShelf:
    """The receiving end of `ProblemPost`. For threads."""

    def __init__(self, client: redis.Redis, depot: Depot, folder: Path, *, cache_mb: int, input_cache_mb: int) -> None:
        self._client = client
        self._depot = depot
        self.blobs = FetchedBlobs(folder, depot, cache_mb << 20)
        self._texts = TextCache(input_cache_mb << 20)
        self._loaded: BoundedCache[str, LoadedProblem] = BoundedCache(_LOADED_BYTES)

    def get(self, digest: str) -> LoadedProblem:
        """Raises BlobDamaged when nobody has it any more or it is not what was asked for, OSError when nobody can be asked."""
        return self._loaded.get(digest, lambda: self._load(digest))

    def _load(self, digest: str) -> tuple[LoadedProblem, int]:
        body = cast(bytes | None, self._client.get(names.problem(digest)))
        loaded, size = self._inline(digest, body) if body is not None else self._stored(digest)
        if loaded.digest != digest:
            raise BlobDamaged(f"the problem {digest} is another than was asked for; put it again")
        return loaded, size

    def _inline(self, digest: str, body: bytes) -> tuple[LoadedProblem, int]:
        text = decompress(body or self._depot.inline(digest))
        return load_inline(Problem.model_validate_json(text), self._texts), 3 * len(text)

    def _stored(self, digest: str) -> tuple[LoadedProblem, int]:
        try:
            data = self._depot.read(manifest_name(digest))
        except FileNotFoundError as error:
            raise BlobDamaged(
                f"the problem {digest} is not in {self._depot.url}; put it and send the submission again"
            ) from error
        manifest = Manifest.from_json(data)
        texts = StoredTexts(manifest, self.blobs, self._texts)
        return LoadedProblem(manifest.id, manifest.settings, manifest.digest, [*manifest.tests], texts), 4 * len(data)
