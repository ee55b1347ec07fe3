"""The one LISTEN of the process: committed pages of the projection, for as long as it takes to stay connected."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import msgspec
import psycopg

from eventlog import connect
from projections.place import LIVE, Moved

log_ = logging.getLogger(__name__)


async def listen(
    dsn: str,
    on_moved: Callable[[Moved], None],
    on_gap: Callable[[], None],
    *,
    backoff_first_s: float = 0.2,
    backoff_max_s: float = 10.0,
) -> None:
    """Pass on what is notified, until cancelled. `on_gap`: connected (again), so something may have been missed."""
    pause_s = backoff_first_s
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(**connect.parameters(dsn), autocommit=True) as conn:
                await conn.execute(f"LISTEN {LIVE}".encode())
                pause_s = backoff_first_s
                on_gap()
                async for notify in conn.notifies():
                    on_moved(msgspec.json.decode(notify.payload, type=Moved))
        except (psycopg.Error, OSError) as error:
            log_.warning("no live changes for now (%s); listening again in %.1f s", error, pause_s)
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, backoff_max_s)
