"""`doorstep health ROLE`: whether one role does its work, for whatever restarts containers and for people.

Each role is judged by its own work alone, so that one that is away does not turn the others red:

    api       answers /healthz
    ingest    writes its counters, and its sessions with the broker stand
    project   somebody folds, without an error, and not far behind
    clock     the newest tick is young

`/readyz` is the other question: whether the cell as a whole can work.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import psycopg

from domain.errors import Transient
from domain.time import SECOND_MS
from doorstep.settings import Settings, WrongSetting

ANSWER_S = 5.0
"""A check that has no answer by then is answered: no. Container engines give up on theirs later."""
SILENT_S = 10.0
"""Ingest writes its counters every second; ten of them missing is no hiccup."""
TICKS_MISSING = 3
"""A clock that misses so many ticks, and `SILENT_S` besides, has stopped."""
_ANY = ("0.0.0.0", "::", "")


def unhealthy(settings: Settings, role: str) -> str | None:
    """Why the role does not do its work; None: it does. Raises WrongSetting for a role that nobody knows."""
    if role not in CHECKS:
        raise WrongSetting(f"there is no role {role!r}; there are {', '.join(CHECKS)}")
    try:
        return CHECKS[role](settings)
    except (psycopg.errors.UndefinedTable, LookupError):
        return "the database lacks its tables: `doorstep migrate` makes them"
    except (psycopg.Error, Transient) as error:
        return f"the database does not answer: {str(error).splitlines()[0]}"


def _api(settings: Settings) -> str | None:
    host = "127.0.0.1" if settings.listen in _ANY else settings.listen
    connection = http.client.HTTPConnection(host, settings.api_port, timeout=ANSWER_S)
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"{host}:{settings.api_port} does not answer: {error}"
    finally:
        connection.close()
    return None if status == http.HTTPStatus.OK else f"/healthz says {status}"


def _ingest(settings: Settings) -> str | None:
    with _cursor(settings) as cursor:
        statement = "SELECT value, extract(epoch FROM clock_timestamp() - at) FROM ingest.counters WHERE name = %s"
        row = cursor.execute(statement, ("connected",)).fetchone()
    if row is None:
        return "has never run"
    connected, silent_s = row
    if silent_s > SILENT_S:
        return f"has been silent for {silent_s:.0f} s"
    return None if connected else "has no session with the broker"


def _project(settings: Settings) -> str | None:
    from projections import place
    from projections.lag import lag
    from projections.unit import JUDGE

    with _cursor(settings) as cursor:
        stands, running = lag(cursor, JUDGE), place.is_running(cursor, JUDGE)
    if stands.error is not None:
        return f"stands still at {stands.position}: {stands.error}"
    if not running:
        return "nobody folds"
    if stands.behind > settings.ready_behind:
        return f"is {stands.behind} log entries behind"
    return None


def _clock(settings: Settings) -> str | None:
    from doorstep.bootstrap import event_log
    from eventlog.clock import wall_ms
    from eventlog.metronome import newest_tick

    with event_log(settings, checkout_s=round(ANSWER_S), read_attempts=1) as log:
        tick = newest_tick(log)
    if tick is None:
        return "has never ticked"
    every_s = max(settings.tick_every_s / settings.clock_rate, 1 / settings.ticks_per_s)
    old_s = (wall_ms() - tick.wall_ms) / SECOND_MS
    return f"has not ticked for {old_s:.0f} s" if old_s > SILENT_S + TICKS_MISSING * every_s else None


CHECKS: Mapping[str, Callable[[Settings], str | None]] = MappingProxyType(
    {"clock": _clock, "project": _project, "ingest": _ingest, "api": _api}
)


@contextmanager
def _cursor(settings: Settings) -> Iterator[psycopg.Cursor[Any]]:
    if settings.database_url is None:
        raise WrongSetting("DOORSTEP_DATABASE_URL is not set, and no `doorstep up` runs on this home")
    with psycopg.connect(settings.database_url, connect_timeout=round(ANSWER_S)) as conn, conn.cursor() as cursor:
        conn.read_only = True
        yield cursor
