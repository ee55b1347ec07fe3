"""The built pages: cached as their names allow, compressed once, and nothing beside them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from starlette.requests import Request

from api.assets import Assets, policy


def asking(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": raw})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pages = tmp_path / "pages"
    (pages / "assets").mkdir(parents=True)
    (pages / "track.html").write_text("<!doctype html>" + "x" * 2_000)
    (pages / "assets/main-1a2b.js").write_text("let a = 1;" * 200)
    (pages / ".sources").write_text("digest")
    (tmp_path / "secret").write_text("secret")
    return pages


def test_a_page_is_asked_for_each_time_and_an_asset_lasts_for_ever(folder: Path) -> None:
    assets = Assets(folder)
    page = assets.page(asking(), "track.html", {})
    asset = assets.file(asking(), "assets/main-1a2b.js", {})
    assert asset is not None
    assert page.headers["cache-control"] == "no-cache"
    assert "immutable" in asset.headers["cache-control"]
    assert asset.headers["content-type"] == "text/javascript; charset=utf-8"


def test_it_is_packed_for_those_who_can_unpack_it(folder: Path) -> None:
    assets = Assets(folder)
    packed = assets.page(asking(accept_encoding="gzip, br"), "track.html", {})
    plain = assets.page(asking(), "track.html", {})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(bytes(packed.body)) == bytes(plain.body) == (folder / "track.html").read_bytes()
    assert packed.headers["vary"] == "Accept-Encoding"


def test_who_has_it_already_gets_no_body(folder: Path) -> None:
    assets = Assets(folder)
    etag = assets.page(asking(), "track.html", {}).headers["etag"]
    again = assets.page(asking(if_none_match=etag), "track.html", {})
    assert (again.status_code, bytes(again.body)) == (304, b"")


def test_a_page_that_was_built_again_is_read_again(folder: Path) -> None:
    assets = Assets(folder)
    before = assets.page(asking(), "track.html", {})
    (folder / "track.html").write_text("<!doctype html>new")
    after = assets.page(asking(if_none_match=before.headers["etag"]), "track.html", {})
    assert bytes(after.body) == b"<!doctype html>new"


@pytest.mark.parametrize(
    "name", ["../secret", "assets/../../secret", "/etc/passwd", ".sources", "", "assets", "nothing.js"]
)
def test_nothing_beside_the_pages_is_served(folder: Path, name: str) -> None:
    assert Assets(folder).file(asking(), name, {}) is None


def test_pages_that_were_not_built_say_so(tmp_path: Path) -> None:
    answer = Assets(tmp_path / "none").page(asking(), "track.html", {})
    assert answer.status_code == 503
    assert "make setup" in bytes(answer.body).decode()


def test_the_policy_lets_the_maps_workers_and_tiles_through_and_nothing_else() -> None:
    ours = policy(None)
    assert "worker-src 'self' blob:" in ours
    assert "frame-ancestors 'none'" in ours
    assert "http" not in ours
    tiles = policy("https://tiles.example/{z}/{x}/{y}.png")
    assert "connect-src 'self' https://tiles.example;" in tiles
    assert "img-src 'self' data: blob: https://tiles.example;" in tiles
    assert policy("/data/city.pmtiles") == ours
