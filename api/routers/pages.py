"""The built pages. A page is served for any token: it is the page that shows what has ended or never was."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.assets import Assets, policy
from api.deps import Here
from domain.errors import NotFound

router = APIRouter(include_in_schema=False)


@router.get("/v/{token}")
def customer_page(deps: Here, request: Request, token: str) -> Response:
    return _assets(request).page(request, "track.html", _headers(deps.options.base_map_url))


@router.get("/console")
def console_page(deps: Here, request: Request) -> Response:
    return _assets(request).page(request, "console.html", _headers(deps.options.base_map_url))


@router.get("/pages/{name:path}")
def file(deps: Here, request: Request, name: str) -> Response:
    found = _assets(request).file(request, name, _headers(deps.options.base_map_url))
    if found is None:
        raise NotFound("there is no such file")
    return found


@router.get("/")
async def root() -> Response:
    return RedirectResponse("/console")


def _assets(request: Request) -> Assets:
    assets: Assets = request.app.state.assets
    return assets


def _headers(base_map_url: str | None) -> dict[str, str]:
    return {"Content-Security-Policy": policy(base_map_url)}
