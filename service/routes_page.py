"""The web page: `/`, and the files that it is made of under `/web`. They need no key: what they show does.

The page may run its own scripts and nothing else (Content-Security-Policy): what a program prints or a problem is called is shown
as text, and could not run if it were not. Styles that the editor adds carry a nonce of the page's.
"""

import html
import secrets
from pathlib import Path

from fastapi import APIRouter
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from service import problem_set

router = APIRouter(include_in_schema=False)
FOLDER = Path(__file__).parent / "web"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@router.get("/")
async def home() -> HTMLResponse:
    """The page. It names our own problems, whose tests are made when they are first asked for."""
    nonce = secrets.token_urlsafe(16)
    options = "".join(f'<option value="{html.escape(name)}">' for name in problem_set.names())
    page = (FOLDER / "index.html").read_text(encoding="utf-8").replace("__NONCE__", nonce).replace("__PROBLEMS__", options)
    headers = {
        "Content-Security-Policy": _POLICY.format(nonce=nonce),
        "Referrer-Policy": "no-referrer",  # a link may hold a program
        "Cache-Control": "no-store",
    }
    return HTMLResponse(page, headers=headers)


def files_of_page() -> Mount:
    """`/web`: packed for those who take that, asked for again only when they have changed."""
    return Mount("/web", app=GZipMiddleware(_Revalidated(directory=FOLDER), minimum_size=500), name="web")


class _Revalidated(StaticFiles):
    """A browser keeps the files, and asks each time whether they are still the same: after an upgrade they are not."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """As it is."""
        answer = await super().get_response(path, scope)
        answer.headers["Cache-Control"] = "no-cache"
        return answer
