"""A pytest plugin: with `--allowed-skips FILE`, a skipped test that FILE does not list fails the run.

FILE has one pattern of node ids (fnmatch) a line, then the reason; `#` starts a comment. A skip that nobody expects hides
a missing install step.
"""

from fnmatch import fnmatch
from pathlib import Path

import pytest


def read_patterns(text: str) -> list[str]:
    """The patterns of an allowed-skips file."""
    lines = (line.partition("#")[0].split() for line in text.splitlines())
    return [words[0] for words in lines if words]


class AllowedSkips:
    """Collects skips and turns those that nobody expects into a failed run."""

    def __init__(self, patterns: list[str]) -> None:
        self._patterns = patterns
        self.unexpected: list[str] = []

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if (
            not report.skipped
            or hasattr(report, "wasxfail")
            or any(fnmatch(report.nodeid, pattern) for pattern in self._patterns)
        ):
            return
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        self.unexpected.append(f"{report.nodeid}: {reason}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._note(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.unexpected and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.unexpected:
            terminalreporter.section("skips that .ci/allowed-skips does not list", red=True)
            for line in self.unexpected:
                terminalreporter.line(line, red=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--allowed-skips", metavar="FILE", type=Path, help="fail on skips that FILE does not list")


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--allowed-skips")
    if path is not None:
        config.pluginmanager.register(AllowedSkips(read_patterns(path.read_text())), "allowed-skips")
