"""Tables of the command line as a report: one HTML page that the judge shows under /reports."""

import html
import io
from pathlib import Path

from rich.console import Console, RenderableType
from rich.terminal_theme import TerminalTheme

NAME = "report.html"
_WIDTH = 150
# Colours that can be read on white and on black, for the page follows the reader's choice.
_GREY, _RED, _GREEN, _YELLOW, _BLUE = (110, 110, 110), (214, 69, 65), (34, 139, 74), (176, 110, 0), (58, 110, 220)
_COLOURS = [_GREY, _RED, _GREEN, _YELLOW, _BLUE, (160, 80, 190), (0, 130, 140), _GREY]
_THEME = TerminalTheme((255, 255, 255), (0, 0, 0), _COLOURS, _COLOURS)
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>@title@</title>
<style>body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem }}
pre {{ font: 13px/1.4 ui-monospace, monospace; overflow-x: auto }}</style></head>
<body><h1>@title@</h1><p>@about@</p><pre tabindex="0">{code}</pre></body></html>
"""


def write_tables(folder: Path, title: str, about: str, *parts: RenderableType) -> Path:
    """`folder/report.html`, with what a terminal would show of the parts; its path."""
    console = Console(
        record=True, file=io.StringIO(), width=_WIDTH, highlight=False, force_terminal=True, color_system="standard"
    )
    for part in parts:
        console.print(part)
    page = console.export_html(theme=_THEME, code_format=_PAGE, inline_styles=True)
    for name, text in (("@title@", title), ("@about@", about)):
        page = page.replace(name, html.escape(text))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    path.write_text(page, encoding="utf-8")
    return path
