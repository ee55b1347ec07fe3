"""A server that speaks the pages' contract and says what a test tells it to: for states that a real day seldom has."""

from __future__ import annotations

import json
import mimetypes
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from api.routers.rules import rules_told

TILES = "/map/town.pmtiles"
PAGES = Path(__file__).parents[2] / "api/pages"


@dataclass
class Stub:
    """What the server answers. `tracks`: token → progress; `refused`: token → status; `staff`: path → body, or what
    makes one of the query; `deeds`: path → what makes an answer of a body sent there; `base_map`: the file of tiles
    below the markers."""

    url: str = ""
    tracks: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    staff: dict[str, Any] = field(default_factory=dict)
    deeds: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)
    done: list[tuple[str, dict[str, Any], str | None]] = field(default_factory=list)
    """Path, body and idempotency key of each deed."""
    asked: list[str] = field(default_factory=list)
    base_map: Path | None = None
    heartbeat_s: float = 1.0
    may_answer: threading.Event = field(default_factory=threading.Event)
    """Cleared: deeds are heard and not answered yet."""
    _streams: list[queue.Queue[bytes | None]] = field(default_factory=list)
    _desks: list[queue.Queue[bytes | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.may_answer.set()

    def push(self, token: str, progress: dict[str, Any]) -> None:
        """The new state of a visit, also to whoever is connected."""
        self.tracks[token] = progress
        for stream in list(self._streams):
            stream.put(_frame("progress", progress))

    def tell(self, changed: dict[str, Any]) -> None:
        """What the staff's stream says is new."""
        for stream in list(self._desks):
            stream.put(_frame("changed", changed))

    def hang_up(self) -> None:
        """Ends every stream, as a server does that restarts."""
        for stream in [*self._streams, *self._desks]:
            stream.put(None)


@contextmanager
def serving() -> Iterator[Stub]:
    """A stub on a free port of the loopback."""
    stub = Stub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(stub))
    server.daemon_threads = True
    stub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        stub.may_answer.set()
        stub.hang_up()
        server.shutdown()
        server.server_close()
        thread.join()


def _frame(event: str, body: dict[str, Any]) -> bytes:
    return f"event: {event}\nid: 1-1\nretry: 200\ndata: {json.dumps(body)}\n\n".encode()


def _handler(stub: Stub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, query = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
            stub.asked.append(self.path)
            parts = path.strip("/").split("/")
            if path.startswith("/v/"):
                self._file(PAGES / "track.html")
            elif path == "/console":
                self._file(PAGES / "console.html")
            elif path.startswith("/pages/"):
                self._file(PAGES / path.removeprefix("/pages/"))
            elif path == "/v1/map":
                kind = "pmtiles" if stub.base_map else "none"
                self._json(200, {"kind": kind, "url": TILES if stub.base_map else None, "attribution": None})
            elif path == TILES:
                self._tiles()
            elif path.startswith("/v1/track/"):
                self._track(parts[2], streamed=parts[-1] == "stream")
            elif self.headers.get("Authorization") != "Bearer staff-token":
                self._json(401, {"title": "unauthorized", "status": 401})
            elif path == "/v1/stream" and path not in stub.refused:
                self._stream(stub._desks, _frame("reset", {"position": 1}))
            elif path == "/v1/rules":
                self._json(200, rules_told().model_dump(mode="json"))
            elif path in stub.staff:
                found = stub.staff[path]
                self._json(200, found(query) if callable(found) else found)
            else:
                self._json(404, {"title": "not found", "status": 404})

        def do_POST(self) -> None:
            deed = stub.deeds.get(urlsplit(self.path).path)
            if deed is None:
                return self.do_GET()
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            stub.done.append((self.path, body, self.headers.get("Idempotency-Key")))
            stub.may_answer.wait()
            return self._json(200, deed(body))

        def do_PUT(self) -> None:
            self.do_POST()

        def _track(self, token: str, *, streamed: bool) -> None:
            if token in stub.refused or token not in stub.tracks:
                status = stub.refused.get(token, 404)
                self._json(status, {"title": "refused", "status": status})
            elif not streamed:
                self._json(200, stub.tracks[token])
            else:
                self._stream(stub._streams, _frame("progress", stub.tracks[token]))

        def _stream(self, listeners: list[queue.Queue[bytes | None]], first: bytes) -> None:
            frames: queue.Queue[bytes | None] = queue.Queue()
            frames.put(first)
            listeners.append(frames)
            self._head(200, "text/event-stream")
            try:
                while True:
                    try:
                        frame = frames.get(timeout=stub.heartbeat_s)
                    except queue.Empty:
                        frame = b": heartbeat\n\n"
                    if frame is None:
                        return
                    self.wfile.write(frame)
                    self.wfile.flush()
            except OSError:
                return  # the page went away
            finally:
                listeners.remove(frames)

        def _tiles(self) -> None:
            if stub.base_map is None or not stub.base_map.is_file():
                self._json(404, {"title": "no such file", "status": 404})
                return
            first, last = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
            content = stub.base_map.read_bytes()
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{min(last, len(content) - 1)}/{len(content)}")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(content[first : last + 1])

        def _json(self, status: int, body: object) -> None:
            self._head(status, "application/json")
            self.wfile.write(json.dumps(body).encode())

        def _file(self, path: Path) -> None:
            if not path.is_file():
                self._json(404, {"title": "no such page", "status": 404})
                return
            kind = "text/javascript" if path.suffix in (".js", ".mjs") else mimetypes.guess_type(path.name)[0]
            self._head(200, kind or "application/octet-stream")
            self.wfile.write(path.read_bytes())

        def _head(self, status: int, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Connection", "close")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    return Handler
