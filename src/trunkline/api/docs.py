"""The API's own description: the OpenAPI document, and a page that shows it and loads nothing from anywhere else."""

from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_STATIC = {
    "/docs": ("docs.html", "text/html; charset=utf-8"),
    "/docs/docs.js": ("docs.js", "text/javascript; charset=utf-8"),
    "/docs/docs.css": ("docs.css", "text/css; charset=utf-8"),
}


def pages(document: dict[str, Any]) -> dict[str, Callable[[Request], Awaitable[Response]]]:
    """The endpoints by path."""
    found = {"/openapi.json": _fixed(orjson.dumps(document), "application/json", {"Access-Control-Allow-Origin": "*"})}
    folder = files("trunkline.api") / "static"
    for path, (name, media) in _STATIC.items():
        found[path] = _fixed((folder / name).read_bytes(), media, {"Content-Security-Policy": PAGE_POLICY})
    return found


def _fixed(body: bytes, media: str, headers: dict[str, str]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_: Request) -> Response:
        return Response(body, media_type=media, headers={**headers, "Cache-Control": "no-cache"})

    return answer
