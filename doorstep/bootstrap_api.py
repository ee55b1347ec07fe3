"""The API's part of bootstrap; a file of its own because the other roles need not wait for its framework to load."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import psycopg
from fastapi import FastAPI

import api
from api.answers import Answers
from api.app import create_app
from api.clock import ShownClock
from api.commands import Desk
from api.database import Database
from api.deps import Deps, Options
from api.feed import StaffFeed
from api.links import Links, secret_of
from api.live.hub import Hub
from api.live.listener import listen
from api.live.staff import StaffHub
from api.views import Views
from domain.time import SECOND_MS
from doorstep.bootstrap import cell_clock, database_url, staff_token
from doorstep.dialects import KnownDialects
from doorstep.invite import Invites
from doorstep.letter_desk import LetterDesk
from doorstep.settings import Settings
from eventlog.clock import CellClock, ClockMode, wall_ms
from eventlog.log import EventLog
from ingest.json_schema import native_schema

_KNOCK_S = 2.0
"""How long the broker may take to answer the door, for `/readyz`."""


def api_app(settings: Settings, log: EventLog, clock: CellClock | None = None) -> FastAPI:
    """The API's application on the cell's database and log; `clock`: another than the cell's own."""
    url = database_url(settings)
    database = Database(
        url, connections=settings.api_connections, checkout_s=settings.checkout_s, query_s=settings.query_timeout_s
    )
    rates = {ClockMode.WALL: 1.0, ClockMode.SCALED: settings.clock_rate, ClockMode.FOLLOWED: 0.0}
    shown = ShownClock(clock or cell_clock(settings, log), settings.clock_mode, rates[settings.clock_mode])
    views = Views(database, shown, near_other_site_m=settings.near_other_site_m, stale_after_s=settings.stale_after_s)
    started = f"{wall_ms():x}"
    hub = Hub(
        views.looks(),
        started=started,
        gap_s=settings.stream_gap_ms / SECOND_MS,
        recheck_s=settings.stream_recheck_s,
        ring=settings.stream_ring,
    )
    deps = Deps(
        database=database,
        log=log,
        clock=shown,
        desk=Desk(log, Answers(database, kept_h=settings.answers_kept_h)),
        links=Links(lambda: secret_of(database), valid_h=settings.link_valid_h),
        views=views,
        hub=hub,
        staff_hub=StaffHub(StaffFeed(database, shown), started=started, gap_s=settings.staff_gap_ms / SECOND_MS),
        listen=lambda on_moved, on_gap: listen(
            url,
            on_moved,
            on_gap,
            backoff_first_s=settings.backoff_first_s,
            backoff_max_s=settings.backoff_max_s,
        ),
        staff_token=staff_token(settings),
        options=Options(**{name: getattr(settings, name) for name in Options.__struct_fields__}),
        pages=Path(api.__file__).parent / "pages",
        dialects=KnownDialects(),
        phones=Invites(settings),
        letters=LetterDesk(settings, log),
        checks={
            "broker": lambda: _unreachable(settings.mqtt_url),
            "storage": lambda: _unwritable(database_url(settings)),
        },
        wire_schema=msgspec.json.encode(native_schema()),
    )
    return create_app(deps)


def _unreachable(url: str | None) -> str | None:
    """Why nothing listens at a URL's address; None: something does."""
    if url is None:
        return "DOORSTEP_MQTT_URL is not set"
    parts = urlsplit(url)
    port = parts.port or (8883 if parts.scheme == "mqtts" else 1883)
    try:
        socket.create_connection((parts.hostname or "127.0.0.1", port), timeout=_KNOCK_S).close()
    except OSError as error:
        return f"nothing answers at {parts.hostname}:{port}: {error}"
    return None


def _unwritable(dsn: str) -> str | None:
    """Why the database takes no writes (a full disk, a replica), though it answers; None: it does, or is away."""
    try:
        with psycopg.connect(dsn, connect_timeout=round(_KNOCK_S) or 1) as conn:
            conn.execute(
                "INSERT INTO ingest.counters (name, value) VALUES ('write_probe', 0) "
                "ON CONFLICT (name) DO UPDATE SET at = now()"
            )
    except (psycopg.errors.UndefinedTable, psycopg.errors.ConnectionException):
        return None
    except psycopg.Error as error:
        if error.sqlstate is None:
            return None  # it is away, which is told elsewhere
        return f"the database takes no writes: {str(error).splitlines()[0]}"
    return None
