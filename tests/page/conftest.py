"""A real browser, Debian's Chromium, before a real judge."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.service.serving import server_fixture

PICTURES = Path(__file__).parent.parent.parent / "build" / "page"
"""Where screenshots are kept for whoever wants to look."""
Open = Callable[..., Page]


@pytest.fixture(scope="module")  # no longer: Playwright has an event loop in this thread, and then asyncio.run is not to be had
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("no Chromium. Fix: apt-get install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield running
        running.close()


server = server_fixture()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens a URL in a fresh profile. At the end: no page threw or logged an error, of its policy neither."""
    faults: list[str] = []
    contexts = []

    def opened(url: str, *, expects_errors: bool = False, **options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: faults.append(f"a dialog: {dialog.message}"))
        if not expects_errors:
            page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []
