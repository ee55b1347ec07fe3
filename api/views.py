"""Customers' views by the projection's tables: for one request, and for all that the live hub asks about at once."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from psycopg import Cursor

from api.clock import ShownClock
from api.database import Database
from api.disclosure import APPROACHING, CustomerView, disclose, same_but_for_the_clock
from api.live.hub import Looks, Seen
from domain.errors import Unavailable
from projections import place
from projections.queries import customer
from projections.unit import JUDGE


class Views:
    """Reads and discloses. Blocks: not in the event loop."""

    def __init__(
        self, database: Database, clock: ShownClock, *, near_other_site_m: float, stale_after_s: float
    ) -> None:
        self._database = database
        self._clock = clock
        self._near_m = near_other_site_m
        self._stale_s = stale_after_s

    def of(self, visits: Collection[str]) -> Seen[CustomerView]:
        """The views of those visits that the projection knows. Raises Unavailable."""
        generation, rows, steps, others = self._database.read(lambda cursor: self._read(cursor, list(visits)))
        clock = self._clock.shape()
        return Seen(
            generation,
            {
                visit: disclose(
                    row,
                    steps.get(visit, ()),
                    others.get(visit, ()),
                    clock,
                    near_other_site_m=self._near_m,
                    stale_after_s=self._stale_s,
                )
                for visit, row in rows.items()
            },
        )

    def looks(self) -> Looks[CustomerView]:
        """What the hub needs."""
        return Looks(self.of, same_but_for_the_clock, _is_aging, _encode)

    def _read(self, cursor: Cursor[Any], visits: list[str]) -> tuple[int, Any, Any, Any]:
        try:
            generation = place.read(cursor, JUDGE).generation
        except LookupError as error:
            raise Unavailable(str(error)) from error
        rows = customer.rows(cursor, visits)
        coming = [row for row in rows.values() if row.status in APPROACHING]
        others = customer.others_near(cursor, coming, self._near_m)
        return generation, rows, customer.steps(cursor, visits), others


def _is_aging(view: CustomerView) -> bool:
    """Silence alone will make it stale."""
    return view.status in APPROACHING and not view.over and view.stale is None


def _encode(view: CustomerView) -> bytes:
    return view.model_dump_json(by_alias=True).encode()
