"""The cell as the simulators know it: its HTTP API, by nothing but what that API says in public."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self

import httpx

from simulators.errors import CellRefuses, CellSilent

_LOOK_S = 0.2
_PAGE = 500


class Now(NamedTuple):
    """The cell's time: `at_ms` when it was asked, going on at `rate`, told by `mode` (wall, scaled or followed)."""

    at_ms: int
    mode: str
    rate: float


class Projector(NamedTuple):
    """The log position that the projections have folded, and the log's last."""

    position: int
    head: int


class Cell:
    """The API at `url`, for staff with `token`. Raises CellRefuses and CellSilent; a context manager."""

    def __init__(self, url: str, token: str = "", *, timeout_s: float = 30.0) -> None:
        self._place = url, token, timeout_s
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout_s)

    def now(self) -> Now:
        """GET /v1/clock."""
        said = self._ask("GET", "/v1/clock")
        return Now(instant_ms(said["now"]), said["mode"], said["rate"])

    def plan(self, lines: dict[str, list[dict[str, Any]]]) -> int:
        """POST /v1/plan; the number of lines. Raises CellRefuses where a line was refused."""
        answer = self._ask("POST", "/v1/plan", json=lines)
        outcomes: list[dict[str, Any]] = answer["lines"] if isinstance(answer, dict) else answer
        refused = [line for line in outcomes if line["outcome"] == "refused"]
        if refused:
            raise CellRefuses(f"{len(refused)} lines of the plan were refused, the first: {refused[0]}")
        return len(outcomes)

    def link(self, visit: str) -> str:
        """POST /v1/visits/{visit}/links; the customer's address."""
        return str(self._ask("POST", f"/v1/visits/{visit}/links")["url"])

    def visit(self, visit: str) -> dict[str, Any]:
        """GET /v1/visits/{visit}."""
        found: dict[str, Any] = self._ask("GET", f"/v1/visits/{visit}")
        return found

    def beside(self) -> Cell:
        """The same cell by a connection of its own, for another thread."""
        url, token, timeout_s = self._place
        return Cell(url, token, timeout_s=timeout_s)

    def alerts(self) -> list[dict[str, Any]]:
        """GET /v1/alerts?state=all, every page."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = self._ask("GET", "/v1/alerts", params={"state": "all", "limit": _PAGE} | _given(cursor=cursor))
            found += page["items"]
            cursor = page["next"]
            if cursor is None:
                return found

    def projector(self) -> Projector | None:
        """Where the projector stands, from GET /readyz; None while the cell cannot say."""
        said = self._readiness()["projector"]
        return None if said is None else Projector(said["position"], said["head"])

    def wait_until(self, at_ms: int, patience_s: float, *, look_s: float = _LOOK_S) -> None:
        """Wait until it is so late in the cell, asking every `look_s`.

        Raises CellSilent where its time stands still for `patience_s`.
        """
        last_ms, moved_s = -1, time.monotonic()
        while (now_ms := self.now().at_ms) < at_ms:
            if now_ms > last_ms:
                last_ms, moved_s = now_ms, time.monotonic()
            if time.monotonic() - moved_s > patience_s:
                raise CellSilent(f"the cell's time has stood still for {patience_s:g} s")
            time.sleep(look_s)

    def wait_until_judged(self, patience_s: float) -> None:
        """Wait until all that is recorded has been judged. Raises CellSilent without progress for `patience_s`."""
        last, moved_s = -1, time.monotonic()
        while (stands := self._readiness()["projector"]) is None or stands["behind"] > 0:
            if stands is not None and stands["position"] > last:
                last, moved_s = stands["position"], time.monotonic()
            if time.monotonic() - moved_s > patience_s:
                raise CellSilent(f"the projector has not moved for {patience_s:g} s: {stands}")
            time.sleep(_LOOK_S)

    def _readiness(self) -> dict[str, Any]:
        """GET /readyz, which answers 503 with the same body where something is amiss."""
        return dict(self._ask("GET", "/readyz", also=(503,)))

    def _ask(self, method: str, path: str, *, also: tuple[int, ...] = (), **options: Any) -> Any:
        try:
            answer = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise CellSilent(f"{method} {path}: {error}") from error
        if answer.status_code in also:
            return answer.json()
        if answer.is_server_error:
            raise CellSilent(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        if answer.is_error:
            raise CellRefuses(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        return answer.json()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._http.close()


class CellTime:
    """The cell's time between questions: asked every `every_s` wall seconds, carried on in between, never going back.

    While the cell does not answer, time goes on as it last went for at most `trust_s`; then it stands still.
    """

    def __init__(self, cell: Cell, *, every_s: float = 1.0, trust_s: float = 5.0) -> None:
        self._cell, self._every_s, self._trust_s = cell, every_s, trust_s
        self._asked_s = time.monotonic()
        self.known = cell.now()
        self._last_ms = self.known.at_ms

    def now_ms(self) -> int:
        """The cell's time now."""
        wall_s = time.monotonic()
        if wall_s - self._asked_s >= self._every_s:
            try:
                self.known = self._cell.now()
                wall_s = self._asked_s = time.monotonic()
            except CellSilent:
                pass
        elapsed_ms = min(wall_s - self._asked_s, self._trust_s) * 1000
        self._last_ms = max(self._last_ms, self.known.at_ms + int(elapsed_ms * self.known.rate))
        return self._last_ms


def instant_ms(text: str) -> int:
    """RFC 3339 as epoch milliseconds."""
    epoch = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    return (datetime.fromisoformat(text) - epoch) // timedelta(milliseconds=1)


def _given(**params: str | None) -> dict[str, str]:
    return {name: value for name, value in params.items() if value is not None}
