"""Reports shown by the judge."""

from collections.abc import Iterator

import httpx
import pytest

from sandbox import Pool
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
    assert answer.status_code in (307, 404)
    assert "secret" not in answer.text or answer.status_code == 404


def test_a_browser_without_the_key_is_asked_for_it(server: Serving) -> None:
    answer = httpx.get(f"{server.url}/reports")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")
    assert httpx.get(f"{server.url}/reports/first", auth=("x", "wrong")).status_code == 401
    assert httpx.get(f"{server.url}/v1/workers", auth=("x", KEY)).status_code == 401  # there it is a bearer key or nothing
    bearer = {"Authorization": f"Bearer {KEY}"}
    assert httpx.get(f"{server.url}/reports/first", headers=bearer).status_code == 200
