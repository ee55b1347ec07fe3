"""The base map: where the pages find it, and our own file in pieces."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import fresh_database
from tests.integration.api.cell import Cell, cell_at

BYTES = bytes(range(256)) * 1_000


@pytest.fixture(scope="module")
def city(postgres_url: str, migrated: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cell]:
    """A cell whose base map is a file of its own."""
    home = tmp_path_factory.mktemp("home")
    (home / "our city.pmtiles").write_bytes(BYTES)
    settings = {"base_map": "pmtiles", "base_map_url": str(home / "our city.pmtiles")}
    with fresh_database(postgres_url, migrated) as database, cell_at(database, home, **settings) as running:
        yield running


URL = "/map/our%20city.pmtiles"


def test_pages_are_told_where_the_file_is(city: Cell) -> None:
    assert city.ok(city.get("/v1/map", token=None)) == {"kind": "pmtiles", "url": URL, "attribution": None}


def test_a_part_is_served_as_it_is(city: Cell) -> None:
    part = city.get(URL, token=None, headers={"Range": "bytes=1000-20999"})
    assert (part.status_code, part.content) == (206, BYTES[1_000:21_000])
    assert part.headers["content-range"] == f"bytes 1000-20999/{len(BYTES)}"
    assert part.headers["content-length"] == "20000"
    assert "content-encoding" not in part.headers
    assert (part.headers["accept-ranges"], part.headers["cache-control"]) == ("bytes", "public, max-age=3600")
    assert city.get(URL, headers={"Range": "bytes=-10"}).content == BYTES[-10:]
    assert city.get(URL, headers={"Range": f"bytes={len(BYTES)}-"}).status_code == 416


def test_a_part_of_another_file_is_not_given_for_this_one(city: Cell) -> None:
    etag = city.get(URL, headers={"Range": "bytes=0-9"}).headers["etag"]
    same = city.get(URL, headers={"Range": "bytes=0-9", "If-Range": etag})
    assert (same.status_code, same.headers["etag"]) == (206, etag)
    assert city.get(URL, headers={"Range": "bytes=0-9", "If-Range": '"another"'}).content == BYTES
    file = Path(city.settings.base_map_url or "")
    os.utime(file, (1, 1))
    assert city.get(URL, headers={"Range": "bytes=0-9", "If-Range": etag}).status_code == 200


def test_who_has_the_file_is_not_sent_it_again(city: Cell) -> None:
    head = city.request("HEAD", URL)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(BYTES)))
    kept = city.get(URL, headers={"If-None-Match": f'"other", {head.headers["etag"]}'})
    assert (kept.status_code, kept.content, kept.headers["etag"]) == (304, b"", head.headers["etag"])


@pytest.mark.parametrize("path", ["/map/other.pmtiles", "/map/..%2Fstaff-token", "/map/staff-token", "/map/"])
def test_no_other_file_is_served(city: Cell, path: str) -> None:
    assert city.get(path).status_code == 404


@pytest.mark.parametrize("kind", ["pmtiles", "raster"])
def test_maps_elsewhere_are_passed_on(database: str, tmp_path: Path, kind: str) -> None:
    url = "https://tiles.example/{z}/{x}/{y}.png"
    with cell_at(database, tmp_path, base_map=kind, base_map_url=url, base_map_attribution="© us") as cell:
        assert cell.ok(cell.get("/v1/map")) == {"kind": kind, "url": url, "attribution": "© us"}
        assert cell.get("/map/%7By%7D.png").status_code == 404


def test_without_a_base_map_there_is_none(shared: Cell) -> None:
    assert shared.ok(shared.get("/v1/map", token=None)) == {"kind": "none", "url": None, "attribution": None}
    assert shared.get("/map/tiles.pmtiles").status_code == 404
