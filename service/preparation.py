"""Prepares in the background what languages need once on a machine, so that no submission has to wait for it.

Precompiled C++ headers take some seconds, the first time a machine serves. Until they are there a C++ submission that comes
first makes them itself.
"""

import logging
import threading

from sandbox.compiler import Compiler
from sandbox.errors import PoolClosed, SandboxError
from sandbox.languages import Languages
from sandbox.pool import Pool

log = logging.getLogger("tierline.preparation")

_LAST = 9
"""Priority of the box it asks for: after everybody who submits."""


def start(pool: Pool, compiler: Compiler, languages: Languages) -> threading.Thread:
    """Prepare all languages of this machine in a thread of its own. Closing the pool ends it."""
    thread = threading.Thread(target=_prepare, args=(pool, compiler, languages), name="preparation", daemon=True)
    thread.start()
    return thread


def _prepare(pool: Pool, compiler: Compiler, languages: Languages) -> None:
    try:
        compiler.precompiled.warm_up()
        for name in [name for name in languages.available if languages.get(name).entry.prepared]:
            # Alone first, then a box: who waits for another judge keeps no submission waiting.
            with compiler.precompiled.alone(), pool.box(priority=_LAST) as box:
                compiler.prepare(box, name)
    except PoolClosed:
        return
    except (SandboxError, OSError) as error:  # the first submission tries again, and tells its own log
        log.warning("languages were not prepared: %s", error)
