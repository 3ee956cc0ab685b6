"""Reports that others have written: studies, a single HTML file in a folder each. Shown as they are, and able to run nothing."""

import asyncio
import html
import re
from pathlib import Path

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from service.context import Context, refusals
from service.table_report import NAME

router = APIRouter(tags=["machine"])
_MOST_BYTES = 64 << 20
_TITLE = re.compile(r"<title>([^<]*)</title>", re.IGNORECASE)
_HEAD_CHARACTERS = 4096
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Reports</title>
<style>body {{ font: 16px/1.6 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem }}</style></head>
<body><h1>Reports</h1>{found}</body></html>
"""


def reports_in(folder: Path) -> list[str]:
    """Names of the folders that hold a report, by age of the report, the newest first."""
    found = [path for path in folder.glob(f"*/{NAME}") if path.is_file()]
    return [path.parent.name for path in sorted(found, key=lambda path: -path.stat().st_mtime)]


class ReportInfo(BaseModel):
    """A report, shown at /reports/NAME."""

    name: str = Field(description="its folder")
    title: str
    written: float = Field(description="when, in seconds since 1970")


class Reports(BaseModel):
    """Those that are there, the newest first."""

    folder: str = Field(description="where the judge looks for folders with a report.html")
    reports: list[ReportInfo]


def _infos(folder: Path) -> list[ReportInfo]:
    found = []
    for name in reports_in(folder):
        path = folder / name / NAME
        with path.open(encoding="utf-8", errors="replace") as file:
            title = _TITLE.search(file.read(_HEAD_CHARACTERS))
        found.append(ReportInfo(name=name, title=html.unescape(title[1].strip()) if title else "", written=path.stat().st_mtime))
    return found


@router.get("/v1/reports", summary="Reports", responses={200: {"model": Reports}, **refusals()})
async def report_infos(state: Context) -> Response:
    """Studies, merges and verified problem sets that lie in the judge's folder of reports."""
    folder = state.settings.reports_folder
    found = Reports(folder=str(folder), reports=await asyncio.to_thread(_infos, folder))
    return Response(found.model_dump_json(), media_type="application/json")


@router.get("/reports", include_in_schema=False)
async def list_reports(state: Context) -> HTMLResponse:
    """All of them, as links."""
    folder = state.settings.reports_folder
    names = [html.escape(name) for name in await asyncio.to_thread(reports_in, folder)]
    found = "".join(f'<p><a href="/reports/{name}">{name}</a></p>' for name in names)
    nothing = f"<p>None yet. <code>tierline frontier --out {html.escape(str(folder))}/NAME</code> writes one.</p>"
    return HTMLResponse(_PAGE.format(found=found or nothing), headers=_HEADERS)


@router.get("/reports/{name}", include_in_schema=False)
async def report(name: str, state: Context) -> HTMLResponse:
    """One of them."""
    folder = state.settings.reports_folder
    if name not in await asyncio.to_thread(reports_in, folder):
        raise HTTPException(404, f"There is no report {name[:100]!r}. See /reports.")
    path = folder / name / NAME
    if path.stat().st_size > _MOST_BYTES:
        raise HTTPException(404, f"The report {name[:100]!r} has more than {_MOST_BYTES >> 20} MB and is not shown.")
    return HTMLResponse(await asyncio.to_thread(path.read_text, "utf-8"), headers=_HEADERS)
