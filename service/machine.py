"""Everything one machine needs to judge, put together from the settings: boxes, languages, compiler, problems, judging.

The server and the command line build the same thing here, so that `tierline judge` and `POST /v1/submissions` cannot differ.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from sandbox import Pool, PoolConfig
from sandbox.auto_wall import choose_wall
from sandbox.compiler import Compiler
from sandbox.languages import Languages
from service import problem_set
from service.judging import Judging
from service.schemas import LanguageInfo
from service.settings import Settings
from service.store import ProblemStore


def pool_config(settings: Settings) -> PoolConfig:
    """The boxes that the settings ask for, before any language's own mounts. Raises WallUnavailable."""
    config = PoolConfig(
        boxes=settings.boxes,
        python_packages=settings.python_packages,
        cache_dir=settings.data_dir / "cache",
        machine_dir=settings.machine_dir,
        docker_host=settings.docker_host,
        docker_image=settings.docker_image,
        docker_transport=settings.docker_transport,
    )
    if settings.python:
        config = replace(config, python=Path(settings.python))
    return choose_wall(settings.wall, config)


def make_pool(settings: Settings) -> tuple[Pool, Languages]:
    """A pool, not yet started, whose boxes show what the languages of this machine need."""
    config = pool_config(settings)
    languages = Languages.probe(config)
    return Pool(replace(config, mounts=(*config.mounts, *languages.mounts))), languages


def make_compiler(pool: Pool, languages: Languages, settings: Settings) -> Compiler:
    """A compiler that keeps what it made under the data folder."""
    return Compiler(pool, languages, settings.data_dir / "compiled", settings)


def open_store(settings: Settings) -> ProblemStore:
    """The problems on disk, or in TIERLINE_STORE_URL. Raises Unavailable when that cannot be reached.

    Those of our own are generated when they are first asked for, and anew when they have changed.
    """
    store = _store_at_url(settings) if settings.store_url else _store_on_disk(settings)
    problem_set.drop_outdated(store)
    return store


def _store_on_disk(settings: Settings) -> ProblemStore:
    store = ProblemStore(
        settings.data_dir,
        input_cache_bytes=settings.input_cache_mb << 20,
        max_test_bytes=settings.max_test_mb << 20,
        fallback=lambda name: problem_set.fill(store, name),
    )
    return store


def _store_at_url(settings: Settings) -> ProblemStore:
    from service.cluster.depot import Depot  # these take a while, and one machine seldom needs them
    from service.cluster.shared_store import SharedStore

    store = SharedStore(settings, Depot(settings.store_url), fallback=lambda name: problem_set.fill(store, name))
    return store


def language_infos(languages: Languages) -> list[LanguageInfo]:
    """The languages as the contract tells them, missing ones among them."""
    return [LanguageInfo(**asdict(row)) for row in languages.infos()]


@dataclass(frozen=True)
class Machine:
    """A judge without a transport."""

    settings: Settings
    pool: Pool
    languages: Languages
    compiler: Compiler
    store: ProblemStore
    judging: Judging


@contextmanager
def open_machine(settings: Settings, *, worker: str = "") -> Iterator[Machine]:
    """Start the boxes and close them at the end. `worker` is what results of a worker of many machines call it.

    Raises WallUnavailable when no isolation can be had.
    """
    with ExitStack() as stack:
        pool, languages = make_pool(settings)
        stack.callback(pool.close)
        pool.start()
        compiler = make_compiler(pool, languages, settings)
        # What a worker judges, it is told by digest, and gets from its own shelf: it has no business with problems by id.
        store = _store_on_disk(settings) if worker else open_store(settings)
        judging = Judging(pool, compiler, languages, store, settings, worker=worker)
        stack.callback(judging.close)
        yield Machine(settings, pool, languages, compiler, store, judging)
