"""What lies below the markers: where it is, and the file itself where it is ours, piece by piece."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import FileResponse, Response

from api.deps import Here, Options
from api.routers.answers import json, problems
from domain.errors import NotFound

router = APIRouter(tags=["operations"])

MEDIA_TYPE = "application/vnd.pmtiles"
CACHED = "public, max-age=3600"
"""Pieces of a map change with the whole file, whose ETag goes with each of them."""


class MapShape(BaseModel, frozen=True):
    """What lies below the markers. `url`: of the raster tiles `{z}/{x}/{y}`, or of the PMTiles file, whose parts can be
    asked for; `attribution`: whom to name beside the map."""

    kind: Literal["pmtiles", "raster", "none"]
    url: str | None
    attribution: str | None


@router.get("/v1/map", response_model=MapShape, responses=problems(), summary="What lies below the maps' markers")
async def get_map(deps: Here) -> Response:
    options = deps.options
    if options.base_map == "none" or not options.base_map_url:
        return json(MapShape(kind="none", url=None, attribution=None))
    file = _file(options)
    url = options.base_map_url if file is None else f"/map/{quote(file.name)}"
    return json(MapShape(kind=options.base_map, url=url, attribution=options.base_map_attribution))


@router.api_route("/map/{name}", methods=["GET", "HEAD"], include_in_schema=False)
def map_file(deps: Here, request: Request, name: str) -> Response:
    """The file of the base map, whole or a range of it."""
    file = _file(deps.options)
    if file is None or file.name != name or not file.is_file():
        raise NotFound("this cell has no such base map")
    answer = FileResponse(file, media_type=MEDIA_TYPE, stat_result=file.stat(), headers={"Cache-Control": CACHED})
    if answer.headers["etag"] in request.headers.get("if-none-match", "").split(", "):
        kept = {header: answer.headers[header] for header in ("etag", "cache-control", "last-modified")}
        return Response(status_code=304, headers=kept)
    return answer


def _file(options: Options) -> Path | None:
    """The base map's file, where it is one of ours."""
    url = options.base_map_url
    return Path(url) if options.base_map == "pmtiles" and url and not urlsplit(url).netloc else None
