"""One uvicorn in a thread, so that the role's own signals stop it: streams first, then the server."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from fastapi import FastAPI

from api.deps import Deps
from domain.errors import Unavailable

GC_THRESHOLD = 50_000
"""Objects between two young collections. With what the start made frozen, this halved the streams' p99 (MEASURED)."""
LOOK_S = 0.05
DRAIN_S = 5
"""How long running requests may finish in when the process stops."""


def serve(app: FastAPI, *, host: str, port: int, stop: threading.Event, on_ready: Callable[[], None]) -> None:
    """Serve until `stop` is set. Raises Unavailable where the server does not start: the port is taken."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,  # the addresses hold customers' tokens
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=DRAIN_S,
    )
    server = uvicorn.Server(config)
    loops: list[asyncio.AbstractEventLoop] = []

    async def run() -> None:
        loops.append(asyncio.get_running_loop())
        await server.serve()

    def target() -> None:
        with suppress(SystemExit):  # uvicorn's way to say that it could not start; it has logged why
            asyncio.run(run())

    thread = threading.Thread(target=target, name="uvicorn")
    thread.start()
    try:
        while thread.is_alive() and not server.started and not stop.wait(LOOK_S):
            pass
        if server.started:
            gc.collect()
            gc.freeze()
            gc.set_threshold(GC_THRESHOLD)
            on_ready()
        while thread.is_alive() and not stop.wait(LOOK_S):
            pass
    finally:
        deps: Deps = app.state.deps
        if thread.is_alive() and loops:
            loops[0].call_soon_threadsafe(deps.close_streams)
        server.should_exit = True
        thread.join()
    if not stop.is_set():
        raise Unavailable(f"the API cannot be served at {host}:{port}")
