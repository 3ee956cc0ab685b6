"""Pages that follow from the code: `make docs` writes them, and a test fails when one is out of date.

Each module here makes the text of one page and writes nothing.
"""

from collections.abc import Callable
from pathlib import Path

from docs.generate import commands_page, http_page, settings_page

REFERENCE = Path(__file__).parents[1] / "reference"

PAGES: dict[Path, Callable[[], str]] = {
    REFERENCE / "settings.md": settings_page.page,
    REFERENCE / "http-api.md": http_page.page,
    REFERENCE / "commands.md": commands_page.page,
}
"""Where each page lies, and what makes its text."""
