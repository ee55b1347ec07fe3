"""All that the application stands on. Bootstrap makes it, tests make it smaller, routers ask the request for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

import msgspec
from fastapi import Depends, Request

from api.clock import ShownClock
from api.commands import Desk
from api.database import Database
from api.disclosure import CustomerView
from api.invitations import Phones
from api.letters import Letters
from api.links import Links
from api.live.hub import Hub
from api.live.staff import StaffHub
from api.views import Views
from eventlog.log import EventLog
from projections.place import Moved


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Limits and thresholds; the settings of the same names describe them."""

    zone: str = "Asia/Shanghai"
    business_day_hour: int = 4
    near_other_site_m: float = 300.0
    stale_after_s: float = 120.0
    clock_off_s: float = 30.0
    min_position_wait_s: float = 5.0
    body_most: int = 16_000_000
    plan_lines: int = 5_000
    track_points: int = 20_000
    ready_behind: int = 10_000
    stream_heartbeat_s: float = 10.0
    stream_send_s: float = 30.0
    streams_most: int = 10_000
    public_url: str | None = None
    base_map: Literal["pmtiles", "raster", "none"] = "none"
    base_map_url: str | None = None
    base_map_attribution: str | None = None


class Dialects(Protocol):
    """What ingest can read; the API does not look into it."""

    def names(self) -> Collection[str]:
        """The dialects there are."""

    def models(self) -> Mapping[str, str]:
        """The trackers whose field maps are known, each with its title."""

    def reads(self, dialect: str, device: str) -> bool:
        """Whether a device of this id can have a topic of its own in this dialect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """Real things. `listen` tells of every committed page, and where pages may have been missed, until cancelled.

    `checks`: by name, what `/readyz` asks besides the database (None: well, else the reason).
    """

    database: Database
    log: EventLog
    clock: ShownClock
    desk: Desk
    links: Links
    views: Views
    hub: Hub[CustomerView]
    staff_hub: StaffHub
    listen: Callable[[Callable[[Moved], None], Callable[[], None]], Coroutine[Any, Any, None]]
    staff_token: str
    options: Options
    pages: Path
    dialects: Dialects
    phones: Phones
    letters: Letters
    checks: Mapping[str, Callable[[], str | None]] = field(default_factory=dict)
    wire_schema: bytes | None = None

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return self.hub.clients + self.staff_hub.clients

    @property
    def frames(self) -> int:
        """How many frames the streams encoded."""
        return self.hub.frames + self.staff_hub.frames

    def on_moved(self, moved: Moved) -> None:
        """A page of the projection was committed."""
        self.hub.on_moved(moved)
        self.staff_hub.on_moved(moved)

    def on_gap(self) -> None:
        """Pages may have been missed."""
        self.hub.on_gap()
        self.staff_hub.on_gap()

    def close_streams(self) -> None:
        """The process stops. In the event loop only."""
        self.hub.close()
        self.staff_hub.close()


def deps_of(request: Request) -> Deps:
    """The application's."""
    deps: Deps = request.app.state.deps
    return deps


Here = Annotated[Deps, Depends(deps_of)]
