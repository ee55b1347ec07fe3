"""The built pages (`api/pages`, made from `web/`): read and compressed once, and cached as their names allow."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import threading
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response

FOREVER = "public, max-age=31536000, immutable"
"""For files below assets/: their names hold a digest of what they contain."""
ASK = "no-cache"
"""For pages: ask each time whether they have changed."""
LEAST_GZIP = 500
_COMPRESSIBLE = ("text/", "application/javascript", "application/json", "image/svg+xml", "text/javascript")
_KINDS = {".js": "text/javascript", ".mjs": "text/javascript", ".webmanifest": "application/manifest+json"}
_NOT_BUILT = (
    '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>Doorstep</title>'
    "<h1>页面尚未构建 · The pages are not built</h1><p>Run <code>make setup</code>, then load this page again.</p>"
).encode()


class Asset(msgspec.Struct, frozen=True):
    """A file as it goes out. `packed`: gzip, where that is worth it."""

    stamp: tuple[int, int]
    body: bytes
    packed: bytes | None
    etag: str
    kind: str


class Assets:
    """Files of one folder, kept in memory and read again when they have changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._files: dict[str, Asset] = {}
        self._lock = threading.Lock()

    def page(self, request: Request, name: str, headers: dict[str, str]) -> Response:
        """A page such as `track.html`; a page that says so where it was not built."""
        asset = self._find(name)
        if asset is None:
            return Response(_NOT_BUILT, 503, {**headers, "Retry-After": "5"}, "text/html; charset=utf-8")
        return _answer(request, asset, {**headers, "Cache-Control": ASK})

    def file(self, request: Request, name: str, headers: dict[str, str]) -> Response | None:
        """Any file of the folder; None: there is none of that name."""
        asset = self._find(name)
        if asset is None:
            return None
        return _answer(request, asset, {**headers, "Cache-Control": FOREVER if name.startswith("assets/") else ASK})

    def _find(self, name: str) -> Asset | None:
        path = (self._folder / name).resolve()
        hidden = any(part.startswith(".") for part in Path(name).parts)
        if hidden or not path.is_relative_to(self._folder) or not path.is_file():
            return None
        found = path.stat()
        stamp = (found.st_mtime_ns, found.st_size)
        with self._lock:
            asset = self._files.get(name)
            if asset is None or asset.stamp != stamp:
                asset = self._files[name] = _read(path, stamp)
            return asset


def _read(path: Path, stamp: tuple[int, int]) -> Asset:
    body = path.read_bytes()
    kind = _KINDS.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    packed = None
    if kind.startswith(_COMPRESSIBLE) and len(body) >= LEAST_GZIP:
        packed = gzip.compress(body, 9, mtime=0)
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    return Asset(stamp, body, packed, f'"{hashlib.sha256(body).hexdigest()[:32]}"', kind)


def _answer(request: Request, asset: Asset, headers: dict[str, str]) -> Response:
    headers = {**headers, "ETag": asset.etag, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match", "").removeprefix("W/") == asset.etag:
        return Response(status_code=304, headers=headers)
    if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, 200, {**headers, "Content-Encoding": "gzip"}, asset.kind)
    return Response(asset.body, 200, headers, asset.kind)


def policy(base_map_url: str | None) -> str:
    """The Content-Security-Policy of the pages: our own scripts, the map's workers, and the base map's origin."""
    parts = urlsplit(base_map_url or "")
    elsewhere = f" {parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else ""
    # The map's library styles its elements by script and builds images from blobs and data.
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "worker-src 'self' blob:",
            "child-src 'self' blob:",
            "style-src 'self' 'unsafe-inline'",
            f"img-src 'self' data: blob:{elsewhere}",
            "font-src 'self'",
            f"connect-src 'self'{elsewhere}",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )
