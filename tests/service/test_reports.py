"""Reports shown by the judge."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from rich.table import Table
from rich.text import Text

from sandbox import Pool
from service.table_report import write_tables
from tests.service.serving import Serving, boxes_of, serving, settings_for

KEY = "a-key-of-this-test"


@pytest.fixture(scope="module")
def server(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("reports")
    settings = settings_for(folder, api_keys=(KEY,))
    for name, text in (("first", "<!doctype html><p>One</p>"), ("<b>", "<script>alert(1)</script>")):
        (folder / "reports" / name).mkdir(parents=True)
        (folder / "reports" / name / "report.html").write_text(text)
    (folder / "reports" / "empty").mkdir()
    (folder / "secret.html").write_text("secret")
    with serving(boxes_of(pool, settings), settings) as running:
        yield running


@pytest.fixture
def browser(server: Serving) -> Iterator[httpx.Client]:
    """What a browser sends after it has asked for a password."""
    with httpx.Client(base_url=server.url, auth=("anybody", KEY)) as client:
        yield client


def test_reports_are_listed_and_shown(browser: httpx.Client) -> None:
    page = browser.get("/reports")
    assert page.status_code == 200
    assert 'href="/reports/first"' in page.text
    assert "&lt;b&gt;" in page.text
    assert "<b>" not in page.text
    assert "empty" not in page.text
    shown = browser.get("/reports/first")
    assert shown.text == "<!doctype html><p>One</p>"
    assert shown.headers["content-type"].startswith("text/html")


def test_a_report_can_run_nothing(browser: httpx.Client) -> None:
    policy = browser.get("/reports/%3Cb%3E").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy


@pytest.mark.parametrize("name", ["empty", "nothing", "..", "%2e%2e", "..%2fsecret.html", "first%2freport.html"])
def test_nothing_else_is_shown(browser: httpx.Client, name: str) -> None:
    answer = browser.get(f"/reports/{name}")
    # `..` is resolved by the client, and asks for the web page.
    assert answer.status_code in (200, 307, 404)
    assert answer.status_code != 200 or answer.url.path == "/"
    assert "<p>One</p>" not in answer.text
    assert "secret" not in answer.text or answer.status_code == 404


def test_a_browser_without_the_key_is_asked_for_it(server: Serving) -> None:
    answer = httpx.get(f"{server.url}/reports")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")
    assert httpx.get(f"{server.url}/reports/first", auth=("x", "wrong")).status_code == 401
    assert httpx.get(f"{server.url}/v1/workers", auth=("x", KEY)).status_code == 401  # there it is a bearer key or nothing
    bearer = {"Authorization": f"Bearer {KEY}"}
    assert httpx.get(f"{server.url}/reports/first", headers=bearer).status_code == 200


def test_reports_are_told_with_their_titles_as_json(server: Serving) -> None:
    (server.settings.reports_folder / "first" / "report.html").write_text("<!doctype html><title>One &amp; two</title>")
    answer = httpx.get(f"{server.url}/v1/reports", headers={"Authorization": f"Bearer {KEY}"}).raise_for_status().json()
    assert answer["folder"] == str(server.settings.reports_folder)
    assert {report["name"]: report["title"] for report in answer["reports"]} == {"first": "One & two", "<b>": ""}
    (server.settings.reports_folder / "first" / "report.html").write_text("<!doctype html><p>One</p>")


def test_tables_of_the_command_line_become_a_report_in_which_text_stays_text(tmp_path: Path) -> None:
    table = Table("name")
    table.add_row(Text("<script>{braces}", style="green"))
    page = write_tables(tmp_path / "mine", "A <title> {0}", "About & about", table).read_text()
    assert "<title>A &lt;title&gt; {0}</title>" in page
    assert "About &amp; about" in page
    assert "&lt;script&gt;{braces}" in page
    assert "<script>" not in page
