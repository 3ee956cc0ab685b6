"""The site builds without a warning, and fetches nothing from elsewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    argv = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"})
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr, done.stderr
    return folder


def test_every_page_is_built_and_nothing_else_is_copied(site: Path) -> None:
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    assert pages <= {path.relative_to(site) for path in site.rglob("*.html")}
    assert list(site.rglob("*.py*")) == []


def test_lists_and_tables_became_such(site: Path) -> None:
    """Where one is left as text, a blank line is missing or it is not indented by four."""
    left = re.compile(r"<p>(?:(?!</p>).)*\n(?:[*-] |\d+\. |\|).*?</p>", re.DOTALL)
    found = {path.name: left.findall(path.read_text()) for path in site.rglob("*.html")}
    assert {name: texts for name, texts in found.items() if texts} == {}


def test_code_is_fenced_and_has_a_language(site: Path) -> None:
    """A block by indentation could bear no mark."""
    bare = re.compile(r'<div class="highlight">|<pre><code>')
    assert [path.name for path in site.rglob("*.html") if bare.search(path.read_text())] == []


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    fetched = re.compile(
        r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?(?:https?:)?//|<link\b[^>]*\bhref=["']?(?:https?:)?//[^>]*\brel=["']?stylesheet"""
    )
    named = re.compile(r"@import\s+(?:url\()?[\"']?(?:https?:)?//|url\([\"']?(?:https?:)?//")
    assert [path for path in site.rglob("*.html") if fetched.search(path.read_text())] == []
    assert [path for path in site.rglob("*.css") if named.search(path.read_text())] == []
    assert not any(re.search(r"fonts\.(googleapis|gstatic)\.com", path.read_text()) for path in site.rglob("*.html"))
