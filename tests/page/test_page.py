"""The web page as somebody uses it."""

import json
import re
from contextlib import closing

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from bench.redis_server import RedisServer
from sandbox import Pool
from service.server import listen
from tests.page.conftest import PICTURES, Open
from tests.service.serving import A_PLUS_B, RIGHT, Serving, boxes_of, cluster_of, serving, settings_for

SLOW = """n, t, *a = map(int, open(0).read().split())
for i in range(n):
  for j in range(i):
    if a[i] + a[j] == t: print(j + 1, i + 1)
"""
FAST = """n, t, *a = map(int, open(0).read().split())
seen = {}
for i, x in enumerate(a, 1):
    if t - x in seen: print(seen[t - x], i)
    seen[x] = i
"""
expect.set_options(timeout=30_000)
HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"


def write(page: Page, source: str) -> None:
    """Into the editor, in place of what is there."""
    editor = page.get_by_role("textbox", name="Program")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(source)


def judge(page: Page, source: str) -> None:
    """Write it and submit it by the button."""
    write(page, source)
    page.get_by_role("button", name="Submit").click()


def headline(page: Page, text: str | re.Pattern[str]) -> None:
    """Until the result says so."""
    expect(page.get_by_role("status")).to_have_text(re.compile(text) if isinstance(text, str) else text)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (FAST, r"AC .*Passes 100 % of the tests"),
        (SLOW, r"TLE .*smallest 50 % .*over the time limit, an optimization failure"),
        ("print(0, 0)", r"WA .*smallest 0 % .*wrong answer, a correctness failure"),
        ("print(", r"CE .*does not compile, a correctness failure"),
    ],
    ids=["right", "slow", "wrong", "broken"],
)
def test_outcome_of_a_program_is_read_from_the_page(server: Serving, open_page: Open, source: str, says: str) -> None:
    page = open_page(server.url)
    judge(page, source)
    headline(page, says)


def test_tiers_say_time_and_memory_beside_the_limits_and_a_test_its_details(server: Serving, open_page: Open) -> None:
    page = open_page(server.url)
    judge(page, SLOW)
    headline(page, "TLE")
    tiers = page.locator(".tier")
    expect(tiers).to_have_count(4)
    expect(tiers.nth(1)).to_contain_text("up to 50 % of the tests, by size")
    expect(tiers.nth(1)).to_contain_text("3 of 3 passed")
    expect(tiers.nth(2)).to_contain_text("0 of 3 passed")
    for name, shape in (("time", r"time: [\d.]+ (ms|s) of 1\.00 s"), ("memory", r"memory: [\d.]+ MB of 256\.0 MB")):
        label = tiers.nth(2).locator("meter").nth(("time", "memory").index(name)).get_attribute("aria-label")
        assert re.fullmatch(shape, label or "")
    details = page.locator(".test-details")
    expect(details).to_contain_text("TLE, over the time limit")  # the first that failed, by itself
    tiers.nth(0).get_by_role("button").first.click()
    expect(details).to_contain_text("AC, right and fast enough")


def test_compile_log_is_shown(server: Serving, open_page: Open) -> None:
    page = open_page(server.url)
    page.get_by_label("Language").select_option("cpp17")
    judge(page, "int main() { return oops; }")
    headline(page, "CE")
    expect(page.get_by_text("Compile log")).to_be_visible()
    expect(page.locator("pre", has_text="oops")).to_contain_text("was not declared in this scope")


def test_three_hundred_tests_are_one_stop_of_the_tab_key_a_tier(server: Serving, open_page: Open) -> None:
    problem = {"tests": [{"input": f"{n} 1\n", "output": f"{n + 1}\n"} for n in range(300)]}
    httpx.put(f"{server.url}/v1/problems/three-hundred", json=problem).raise_for_status()
    page = open_page(server.url)
    page.get_by_label("Problem", exact=True).fill("three-hundred")
    judge(page, "a, b = map(int, input().split())\nprint(a + b if a < 200 else 0)")
    headline(page, "WA")
    tests = page.locator("button.test")
    expect(tests).to_have_count(300)
    expect(page.locator("button.test.AC")).to_have_count(200)
    assert page.locator("button.test:not([tabindex='-1'])").count() == page.locator(".tier").count() == 4
    tests.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(".test-details h2")).to_have_text("Test 1")
    page.screenshot(path=PICTURES / "three-hundred.png", full_page=True)


def test_what_a_program_prints_stays_text(server: Serving, open_page: Open) -> None:
    page = open_page(server.url)
    judge(page, f"print({HOSTILE!r})")
    headline(page, "WA")
    expect(page.locator(".test-details pre")).to_contain_text("<img")
    judge(page, f"raise Exception({HOSTILE!r})")
    headline(page, "RTE")
    expect(page.locator(".test-details pre")).to_contain_text("<script>")
    assert page.title() == "tierline"
    assert page.locator("main img").count() == page.locator("main script").count() == 0


def test_policy_of_the_page_lets_only_its_own_scripts_run(server: Serving, open_page: Open) -> None:
    policy = httpx.get(server.url).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    page = open_page(server.url, expects_errors=True)
    page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'document.title = 1'; document.body.append(s) }"
    )
    page.evaluate("() => { document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"document.title = 1\">') }")
    page.wait_for_timeout(200)
    assert page.title() == "tierline"


def test_own_tests_and_a_pasted_problem_are_judged(server: Serving, open_page: Open) -> None:
    page = open_page(server.url)
    page.get_by_label("My tests").check()
    page.get_by_role("button", name="Add a test").click()
    page.get_by_label("Input 2").fill("20 3\n")
    page.get_by_label("Output 2").fill("23\n")
    judge(page, RIGHT)
    headline(page, "AC")
    expect(page.locator("button.test")).to_have_count(2)
    page.get_by_label("Problem as JSON", exact=True).check()
    page.get_by_label("Problem as JSON: what").fill(json.dumps(A_PLUS_B))
    judge(page, "print(3)")
    headline(page, "WA")
    expect(page.locator("button.test")).to_have_count(4)


@pytest.mark.parametrize(
    ("kind", "value", "source", "says"),
    [
        ("Problem", "no-such-problem", RIGHT, "no-such-problem"),
        ("Problem", "", RIGHT, "choose one from the list"),
        ("Problem", "two-sum", " ", "There is no program yet"),
        ("Coverage", "7", RIGHT, "over 0 and at most 1"),
        ("Problem as JSON: what", "{", RIGHT, "Problem as JSON: "),
        ("Problem as JSON: what", '{"tests": [], "colour": 1}', RIGHT, "colour"),
    ],
)
def test_what_cannot_be_is_said_beside_the_form(
    server: Serving, open_page: Open, kind: str, value: str, source: str, says: str
) -> None:
    page = open_page(server.url, expects_errors=True)  # browsers log each 4xx
    if kind.startswith("Problem as JSON"):
        page.get_by_label("Problem as JSON", exact=True).check()
    page.get_by_label(kind, exact=kind == "Problem").fill(value)
    page.locator("form.form").evaluate("form => { form.noValidate = true }")  # or the browser itself says it
    judge(page, source)
    expect(page.locator(".complaint")).to_contain_text(says)


def test_keyboard_alone_suffices(server: Serving, open_page: Open) -> None:
    page = open_page(server.url)
    page.get_by_label("Problem", exact=True).focus()
    editor = page.get_by_role("textbox", name="Program")
    for _ in range(12):
        page.keyboard.press("Tab")
        if editor.evaluate("element => element === document.activeElement"):
            break
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("print(1)")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Submit")).to_be_focused()
    editor.focus()
    page.keyboard.press("Control+Enter")
    headline(page, "WA")


def test_link_holds_the_program_and_outlasts_the_judge(
    pool: Pool, tmp_path_factory: pytest.TempPathFactory, open_page: Open
) -> None:
    settings = settings_for(tmp_path_factory.mktemp("links"))
    with closing(listen(settings.model_copy(update={"port": 0}))) as probe:
        settings = settings.model_copy(update={"port": probe.getsockname()[1]})
    with serving(boxes_of(pool, settings), settings, listen(settings)) as server:
        page = open_page(server.url)
        judge(page, FAST)
        headline(page, "AC")
        link = page.get_by_role("link", name="Link to this result").get_attribute("href")
        shown = open_page(f"{server.url}/{link}")
        headline(shown, "AC")
        expect(shown.locator(".tier")).to_have_count(4)
    with serving(boxes_of(pool, settings), settings, listen(settings)) as server:
        later = open_page(f"{server.url}/{link}", expects_errors=True)
        headline(later, "no longer has this result")
        expect(later.get_by_role("textbox", name="Program")).to_contain_text("seen[x] = i")
        later.get_by_role("button", name="Submit").click()
        headline(later, "AC")


def test_judge_that_is_started_anew_under_the_page(pool: Pool, tmp_path_factory: pytest.TempPathFactory, open_page: Open) -> None:
    settings = settings_for(tmp_path_factory.mktemp("restart"), drain_s=0.1)
    with closing(listen(settings.model_copy(update={"port": 0}))) as probe:
        settings = settings.model_copy(update={"port": probe.getsockname()[1]})
    with serving(boxes_of(pool, settings), settings, listen(settings)) as server:
        page = open_page(server.url, expects_errors=True)  # browsers log connections that are refused
        judge(page, "print(1, 2)")
        headline(page, "WA")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("alert").first).to_contain_text("does not answer. Trying again")
    with serving(boxes_of(pool, settings), settings, listen(settings)):
        expect(page.locator("#banner")).to_be_hidden()
        page.get_by_role("button", name="Submit").click()
        headline(page, "WA")


def test_key_is_asked_for_and_kept_in_the_tab(pool: Pool, tmp_path_factory: pytest.TempPathFactory, open_page: Open) -> None:
    settings = settings_for(tmp_path_factory.mktemp("keys"), api_keys=("a-key-of-this-test",))
    with serving(boxes_of(pool, settings), settings) as server:
        page = open_page(server.url, expects_errors=True)
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        dialog.get_by_label("Key").fill("wrong")
        dialog.get_by_role("button", name="Use it").click()
        expect(page.locator("#banner")).to_contain_text("The key is not known here")
        dialog.get_by_label("Key").fill("a-key-of-this-test")
        dialog.get_by_role("button", name="Use it").click()
        expect(dialog).to_be_hidden()
        judge(page, FAST)
        headline(page, "AC")
        page.reload()
        headline(page, "AC")
        assert "a-key-of-this-test" not in page.url
        assert page.evaluate("() => JSON.stringify(localStorage)").find("a-key-of-this-test") == -1


def test_it_is_the_same_with_the_queue_in_redis(
    pool: Pool, redis_process: RedisServer, tmp_path_factory: pytest.TempPathFactory, open_page: Open
) -> None:
    redis_process.flush()
    settings = settings_for(tmp_path_factory.mktemp("cluster"), redis_url=redis_process.url)
    problem = {"tests": [{"input": f"{n}\n", "output": f"{n}\n"} for n in (1, 22) for _ in range(6)], "time_limit_s": 0.2}
    with serving(cluster_of(pool, settings), settings) as server:
        httpx.put(f"{server.url}/v1/problems/echo", json=problem).raise_for_status()
        page = open_page(server.url)
        page.get_by_label("Problem", exact=True).fill("echo")
        judge(page, "n = int(input())\nwhile n > 1: pass\nprint(n)")
        headline(page, r"TLE .*smallest 50 % ")
        expect(page.locator("button.test")).to_have_count(12)
        page.get_by_role("link", name="Live").click()
        expect(page.locator(".figures")).to_contain_text("told by each worker's /metrics")


def test_live_view_counts_verdicts_and_shows_boxes(server: Serving, open_page: Open) -> None:
    page = open_page(server.url)
    judge(page, FAST)
    headline(page, "AC")
    page.get_by_role("link", name="Live").click()
    figures = page.locator(".figures")
    counted = httpx.get(f"{server.url}/v1/stats").json()["verdicts"]["AC"]
    expect(figures.locator("div", has=page.get_by_text("AC", exact=True))).to_contain_text(str(counted))
    expect(figures).to_contain_text("judge errors (JE)0")
    expect(figures).to_contain_text("TLE asked again, overturned0")
    expect(page.locator("main .scroll table")).to_contain_text(re.compile(r"\d of \d busy"))
    expect(page.locator("canvas")).to_have_count(2)


def test_reports_are_listed_by_title_and_open(server: Serving, open_page: Open) -> None:
    page = open_page(f"{server.url}/#/reports")
    expect(page.locator("main")).to_contain_text("tierline frontier --preset laptop")
    folder = server.settings.reports_folder / "mine"
    folder.mkdir(parents=True)
    (folder / "report.html").write_text("<!doctype html><title>A frontier &amp; more</title><h1>Found</h1>")
    page.reload()
    with page.expect_popup() as opened:
        page.get_by_role("link", name="A frontier & more").click()
    expect(opened.value.locator("h1")).to_have_text("Found")
    (folder / "report.html").unlink()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_in_any_view(server: Serving, open_page: Open, scheme: str) -> None:
    folder = server.settings.reports_folder / "for-axe"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.html").write_text("<!doctype html><title>The frontier</title>")
    for device, size in (("desk", {"width": 1280, "height": 900}), ("phone", {"width": 390, "height": 844})):
        page = open_page(server.url, color_scheme=scheme, viewport=size, bypass_csp=True)  # axe itself is a foreign script
        judge(page, SLOW)
        headline(page, "TLE")
        look(page, f"judge-{device}-{scheme}")
        page.get_by_role("button", name="Key").click()
        look(page, f"key-{device}-{scheme}")
        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("link", name="Live").click()
        expect(page.locator("canvas").first).to_be_visible()
        look(page, f"live-{device}-{scheme}")
        page.get_by_role("link", name="Reports").click()
        expect(page.get_by_role("link", name="The frontier")).to_be_visible()
        look(page, f"reports-{device}-{scheme}")
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), "nothing lies beyond the edge"


def look(page: Page, name: str) -> None:
    """A picture, and axe's opinion."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
    found = Axe().run(page).response["violations"]
    assert [(each["id"], node["html"], node["failureSummary"]) for each in found for node in each["nodes"]] == []


def test_page_is_light_and_asks_nobody_else(server: Serving, open_page: Open) -> None:
    page = open_page("about:blank")
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    page.goto(server.url)
    expect(page.get_by_label("Language").locator("option", has_text="Python")).not_to_have_count(0)
    page.get_by_role("link", name="Live").click()
    expect(page.locator("canvas").first).to_be_visible()
    assert [url for url in urls if not url.startswith(server.url)] == []
    assert 100_000 < sum(map(bytes_sent, {url for url in urls if "/web/" in url})) < 400_000


def bytes_sent(url: str) -> int:
    """Packed, as browsers ask for it."""
    with httpx.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as answer:
        return sum(map(len, answer.iter_raw()))


def test_files_of_the_page_are_those_that_the_lock_file_gives() -> None:
    """Fix: `make web`."""
    import hashlib

    from service.routes_page import FOLDER
    from tests.test_docs import ROOT

    parts = [(ROOT / "deploy" / "web" / name).read_bytes() for name in ("package-lock.json", "editor.js", "chart.js", "build.sh")]
    assert (FOLDER / "vendor" / "BUILT_FROM").read_text().strip() == hashlib.sha256(b"".join(parts)).hexdigest()
