"""The HTTP door's server: uvicorn in a thread of the ingest role, started and stopped beside the broker's sessions."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import suppress
from pathlib import Path

import msgspec
import uvicorn

from domain.errors import Unavailable
from ingest.door import Door
from ingest.doorkeeper import Doorkeeper, follow

logger = logging.getLogger(__name__)

_LOOK_S = 0.05
DRAIN_S = 5
"""How long running requests may finish in when the process stops."""


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where the door is, and its certificate; without one it speaks plain HTTP, which is for loopback and for a proxy
    that speaks TLS in front of it: passwords travel as they are."""

    host: str
    port: int
    cert_file: Path | None = None
    key_file: Path | None = None
    connections_most: int = 10_000


class DoorServer:
    """Looks like a session of the broker to the role: `ready` once it listens, `failure` where it cannot."""

    name = "HTTP door"

    def __init__(self, dsn: str, door: Door, keeper: Doorkeeper, address: Address, *, pause_s: float) -> None:
        self.ready = threading.Event()
        self.failure: Unavailable | None = None
        self._door, self._address = door, address
        self._stop = threading.Event()
        self._server = uvicorn.Server(
            uvicorn.Config(
                door,
                host=address.host,
                port=address.port,
                ssl_certfile=address.cert_file,
                ssl_keyfile=address.key_file,
                limit_concurrency=address.connections_most,
                lifespan="off",
                log_config=None,
                access_log=False,  # some paths hold passwords
                server_header=False,
                ws="none",
                timeout_graceful_shutdown=DRAIN_S,
            )
        )
        self._serving = threading.Thread(target=self._serve, name="door", daemon=True)
        self._following = threading.Thread(
            target=follow, args=(dsn, keeper, self._stop), kwargs={"pause_s": pause_s}, name="logins", daemon=True
        )

    @property
    def connected(self) -> bool:
        """Whether it listens."""
        return self._server.started and self._serving.is_alive()

    def start(self) -> None:
        """Begin to listen."""
        self._following.start()
        self._serving.start()
        threading.Thread(target=self._watch, name="door readiness", daemon=True).start()

    def stop(self) -> None:
        """Whoever waits hears that nothing was committed; then no more is heard."""
        self._stop.set()
        self._door.close()
        self._server.should_exit = True
        self._serving.join()
        self._following.join()

    def _serve(self) -> None:
        with suppress(SystemExit):  # uvicorn's way to say that it could not start; it has logged why
            asyncio.run(self._server.serve())

    def _watch(self) -> None:
        """Tell when it listens, and when it does not any more: the role ends then, and is started again."""
        while not self._stop.wait(_LOOK_S):
            if self._server.started:
                self.ready.set()
            if not self._serving.is_alive():
                how = "is closed" if self.ready.is_set() else "cannot be opened"
                self.failure = Unavailable(f"the HTTP door {how} at {self._address.host}:{self._address.port}")
                return
