"""docs/how-to/docker-wall.md lists the known differences that tests allow, and no others."""

import re
from pathlib import Path

from tests.docker_wall.known_differences import KNOWN_DIFFERENCES

DOCUMENT = Path(__file__).parent.parent / "docs" / "how-to" / "docker-wall.md"


def test_document_lists_the_known_differences() -> None:
    section = DOCUMENT.read_text().partition("## Known differences")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+) \| (.+) \|$", section, re.MULTILINE)
    assert rows[1:] == [(one.what, one.why) for one in KNOWN_DIFFERENCES]
