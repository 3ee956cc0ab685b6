"""Building the image that boxes of the docker wall are made of, when somebody asks for it. Nothing is ever pulled in silence."""

from collections.abc import Callable
from pathlib import Path

import sandbox
from service.settings import Settings


def dockerfile() -> Path:
    """deploy/Dockerfile.box, or where an installed distribution has it. Raises FileNotFoundError."""
    package = Path(sandbox.__file__).parent
    places = (package / "Dockerfile.box", package.parent / "deploy" / "Dockerfile.box")
    found = next((place for place in places if place.exists()), None)
    if found is None:
        raise FileNotFoundError(f"Dockerfile.box is neither at {places[0]} nor at {places[1]}")
    return found


def build(settings: Settings, packages: str, say: Callable[[str], None]) -> str:
    """Build `settings.docker_image` with Debian packages (names with blanks between) and the Python packages of the settings.
    Returns its id. Raises SandboxError (EngineFailed, WallUnavailable)."""
    from sandbox.docker_engine import Engine

    engine = Engine(settings.docker_host)
    try:
        arguments = {"PACKAGES": packages, "PYTHON_PACKAGES": " ".join(settings.python_packages)}
        engine.build_image(dockerfile(), settings.docker_image, arguments, say)
        return engine.image_id(settings.docker_image) or ""
    finally:
        engine.close()
