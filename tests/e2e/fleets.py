"""A day of a whole fleet for the console: workers on a map, alerts of every kind, their evidence, tracks, timeliness.

The board is that of `boards`, its visits spread over a town.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.e2e import boards
from tests.e2e.boards import NOW, alert
from tests.e2e.states import HOME, POLYGON, at
from tests.e2e.stub_api import Stub

PROMISED_MS = 1761011400000
"""09:50 in Shanghai."""
CLOCK = {"now": at(NOW), "mode": "wall", "rate": 1.0}


def ms(clock: str) -> int:
    """An instant of the day as the pages count it."""
    return int(datetime.fromisoformat(at(clock)).timestamp() * 1000)


def place(key: int, reach_m: float = 6_000.0) -> dict[str, float]:
    """Somewhere in the town, the same for the same key."""
    north_m, east_m = ((key * 7919) % 997 / 498.5 - 1) * reach_m, ((key * 104_729) % 991 / 495.5 - 1) * reach_m
    return {"lat": HOME["lat"] + north_m / 111_195, "lon": HOME["lon"] + east_m / 95_080}


def alerts() -> list[dict[str, Any]]:
    """One of every kind; the one that left is in hand."""
    left = alert("left_site", "v-004", "09:47", left_site_s=300, exit_m=30)
    left |= {"state": "acknowledged", "acknowledged": {"at": at("09:55"), "by": "陈督导", "note": ""}}
    return [
        alert("late", "v-901", "10:00", grace_s=600, promised_ms=PROMISED_MS),
        alert("no_show", "v-903", "09:30", no_show_s=1800, promised_ms=PROMISED_MS - 3_000_000),
        alert("at_risk", "v-902", "10:01", grace_s=600, promised_ms=PROMISED_MS + 2_400_000, expected_ms=1761014460000),
        left,
        alert("check_in_away", "v-005", "09:03", "09:03", outside_m=1840, check_in_away_m=500),
        alert("implausible_jump", "v-002", "09:41", "09:41:20", apart_m=5200, impossible_mps=70),
        alert("silent_device", "v-003", "09:58", silent_s=2400),
    ]


def sos() -> dict[str, Any]:
    """A worker asks for help."""
    return alert("sos", "w-3", "10:04", device="phone-3", note="老人摔倒")


def evidence(of: dict[str, Any]) -> dict[str, Any]:
    """An alert with its history, its facts and the fence."""
    kind = {"check_in_away": "checkin", "sos": "sos"}.get(of["rule"], "position")
    offsets = {"implausible_jump": ((900, 400), (4800, 3600)), "check_in_away": ((1500, 1150),), "sos": ((700, -300),)}
    places = offsets.get(of["rule"], ((-60, 40), (380, 300), (620, 410)))
    if of["rule"] in ("no_show", "late", "silent_device"):
        places = ()
    clocks = ("09:41:00", "09:41:20", "09:44:10")
    facts = [
        {
            "fact": f"0000000{n}-0000-4000-8000-00000000000{n}",
            "kind": kind,
            "device": "phone-1",
            "at": at(clocks[n]),
            "known_at": at("09:58:30" if n == 1 else clocks[n]),
            "lat": HOME["lat"] + north_m / 111_195,
            "lon": HOME["lon"] + east_m / 95_080,
            "accuracy_m": (18.0, 35.0, 60.0)[n],
            "body": {"note": "老人摔倒"} if kind == "sos" else {},
        }
        for n, (north_m, east_m) in enumerate(places)
    ]
    history = [change(1, "raised", of["started_at"])]
    if of["acknowledged"]:
        history.append(change(2, "acknowledged", of["acknowledged"]["at"], by=of["acknowledged"]["by"]))
    if of["resolved"]:
        history.append(change(3, "resolved", of["resolved"]["at"], of["resolved"]["verdict"], of["resolved"]["by"]))
    if of["state"] == "retracted":
        history.append(change(2, "retracted", at("10:02"), "refuted"))
    return {**of, "history": history, "facts": facts, "fence": {**POLYGON}}


def change(revision: int, what: str, known_at: str, reason: str | None = None, by: str | None = None) -> dict[str, Any]:
    """One step of a history."""
    return {
        "revision": revision,
        "change": what,
        "known_at": known_at,
        "started_at": known_at,
        "ended_at": None,
        "params": {},
        "evidence": [],
        "reason": reason,
        "by": by,
    }


def board(size: int = 14, now: str = NOW) -> dict[str, Any]:
    """The day of `boards`, spread over the town, with every alert in its row."""
    day = boards.board(size, now)
    mine: dict[str, list[dict[str, Any]]] = {}
    for each in alerts():
        mine.setdefault(each["subject"], []).append(brief(each))
    for visit in day["visits"]:
        visit["site"] |= place(int(visit["visit"].removeprefix("v-")))
        visit["alerts"] = mine.get(visit["visit"], [])
    return {**day, "clock": CLOCK}


def brief(of: dict[str, Any]) -> dict[str, Any]:
    """An alert as a visit has it."""
    return {name: of[name] for name in ("alert", "rule", "started_at", "ended_at", "standing", "state")}


def worker(key: int, visit: dict[str, Any] | None, **changes: Any) -> dict[str, Any]:
    """A worker as the list has them, near the site of a visit."""
    name = f"{boards._SURNAMES[key % 7]}秀英" if key < 7 else f"{boards._SURNAMES[key % 10]}桂兰"
    spot = visit["site"] if visit else place(key + 50)
    return {
        "worker": f"w-{key}",
        "name": name,
        "surname": name[0],
        "title": "阿姨",
        "devices": [f"phone-{key}"],
        "position": {
            "lat": spot["lat"] + (key % 5 - 2) * 0.004,
            "lon": spot["lon"] + (key % 3 - 1) * 0.005,
            "accuracy_m": 20.0,
            "speed_mps": 5.2,
            "heading_deg": 90.0,
            "battery_pct": 64,
            "at": at("10:04:40"),
        },
        "heard_at": at("10:04:40"),
        "visit": visit
        and {
            "visit": visit["visit"],
            "status": visit["status"],
            "window_from": visit["window_from"],
            "window_to": visit["window_to"],
            "site_name": visit["site"]["name"],
        },
        "open_alerts": 0,
        **changes,
    }


def workers(day: dict[str, Any], size: int = 7) -> list[dict[str, Any]]:
    """Everybody, each at the first visit of theirs that is not over; one was never heard."""
    found = []
    for key in range(size):
        own = [v for v in day["visits"] if v["worker"]["worker"] == f"w-{key}" and not v["over"]]
        never = {"position": None, "heard_at": None} if key == 6 else {}
        found.append(worker(key, own[0] if own else None, **never))
    return found


def track(begin: str = "08:20", fixes: int = 130) -> dict[str, Any]:
    """A morning's way from the south-west to two sites, with an hour of silence at the first."""
    hour, minute = map(int, begin.split(":"))
    points: list[dict[str, Any]] = []
    for n in range(fixes):
        minutes = hour * 60 + minute + n // 2 + (62 if n > 60 else 0)
        turn = min(n, 60) / 60, max(n - 60, 0) / 70
        north_m = -3200 + 3200 * turn[0] + 2300 * turn[1]
        east_m = -4200 + 4200 * turn[0] ** 2 - 1900 * turn[1] ** 0.5
        lat, lon = HOME["lat"] + north_m / 111_195, HOME["lon"] + east_m / 95_080
        clock = at(f"{minutes // 60:02d}:{minutes % 60:02d}:{n % 2 * 30:02d}")
        points.append(
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [lon, lat]},
                "properties": {
                    "fact": f"{n:08x}-0000-4000-8000-000000000000",
                    "device": "phone-1",
                    "at": clock,
                    "known_at": clock,
                    "accuracy_m": 15.0 + n % 7,
                    "speed_mps": 4.2,
                    "battery_pct": 80,
                },
            }
        )
    return {"type": "FeatureCollection", "features": points, "truncated": False}


def timeliness(by: str = "worker") -> dict[str, Any]:
    """Seven workers' weeks."""

    def row(key: str, name: str | None, n: int) -> dict[str, Any]:
        missed, late = n % 2, n % 4
        arrived = 18 - n - missed
        return {
            "key": key,
            "name": name,
            "visits": 20 - n,
            "arrived": arrived,
            "on_time": arrived - late,
            "late": late,
            "missed": missed,
            "open": 2,
            "on_time_rate": (arrived - late) / (arrived + missed),
            "lateness_s": {"p50": n * 35, "p90": 240 + n * 130},
            "served_ratio": {"p50": 0.94 + n / 100},
        }

    names = {
        "worker": [(f"w-{n}", f"{boards._SURNAMES[n]}秀英") for n in range(7)],
        "service": [("cleaning", None), ("elder_care", None), ("做饭", None)],
        "site": [(f"s-{n}", f"{boards._PLACES[n]} {n + 3} 号楼") for n in range(5)],
        "day": [(f"2025-10-{n}", None) for n in range(15, 22)],
    }
    items = [row(key, name, n) for n, (key, name) in enumerate(names[by])]
    total = row("total", None, 3) | {"visits": 119, "late": 12, "missed": 3, "open": 14}
    return {
        "clock": CLOCK,
        "by": by,
        "from": "2025-10-15",
        "to": "2025-10-21",
        "zone": "Asia/Shanghai",
        "items": items,
        "total": total,
    }


def changed(**what: list[dict[str, Any]]) -> dict[str, Any]:
    """What the staff's stream says: `visits`, `alerts` or `workers` that are new."""
    return {"position": 2, "clock": CLOCK, "visits": [], "alerts": [], "workers": [], **what}


class Desk:
    """The stub as a console's server: what is asked follows from one day, and decisions change it."""

    def __init__(self, stub: Stub, size: int = 14, fleet: int = 7) -> None:
        self.stub = stub
        self.board = board(size)
        self.alerts = {each["alert"]: each for each in alerts()}
        self.workers = workers(self.board, fleet)
        stub.staff |= {
            "/v1/board": lambda query: self.board,
            "/v1/alerts": self._list,
            "/v1/workers": lambda query: {"items": self.workers, "next": None},
            "/v1/visits": lambda query: self._page(self._visits(query.get("worker"))),
            "/v1/visits/v-901": boards.detail(),
            "/v1/timeliness": lambda query: timeliness(query.get("by", "worker")),
        }
        for each in self.workers:
            stub.staff[f"/v1/workers/{each['worker']}/track"] = track()
        for key in self.alerts:
            self._serve(key)

    def one(self, rule: str) -> dict[str, Any]:
        """The alert of this kind."""
        return next(each for each in self.alerts.values() if each["rule"] == rule)

    def raise_(self, new: dict[str, Any]) -> None:
        """An alert comes in."""
        self.alerts[new["alert"]] = new
        self._serve(new["alert"])
        self.tell(alerts=[new])

    def change(self, key: str, **changes: Any) -> None:
        """An alert is another now."""
        old = self.alerts[key]
        self.alerts[key] = {**old, **changes, "revision": old["revision"] + 1}
        self.tell(alerts=[self.alerts[key]])

    def tell(self, **what: list[dict[str, Any]]) -> None:
        """What the stream says is new."""
        self.stub.tell(changed(**what))

    def _serve(self, key: str) -> None:
        path = f"/v1/alerts/{key}"
        self.stub.staff[path] = lambda query: evidence(self.alerts[key])
        self.stub.deeds[f"{path}/acknowledge"] = lambda body: self._decide(key, "acknowledged", body)
        self.stub.deeds[f"{path}/resolve"] = lambda body: self._decide(key, "resolved", body)

    def _decide(self, key: str, state: str, body: dict[str, Any]) -> dict[str, Any]:
        said = {"at": at("10:06"), "by": body.get("by", "staff"), "note": body.get("note", "")}
        if "verdict" in body:
            said["verdict"] = body["verdict"]
        self.alerts[key] = {**self.alerts[key], "state": state, state: said}
        kept = {name: self.alerts[key][name] for name in ("alert", "state", "acknowledged", "resolved")}
        return {**kept, "outcome": "created", "position": 3}

    def _list(self, query: dict[str, str]) -> dict[str, Any]:
        state = query.get("state", "active")
        states = {"active": ("open", "acknowledged"), "all": ("open", "acknowledged", "resolved", "retracted")}
        found = [each for each in self.alerts.values() if each["state"] in states.get(state, (state,))]
        for name in ("rule", "worker"):
            if name in query:
                found = [each for each in found if each[name] == query[name]]
        return {"items": found, "next": None}

    @staticmethod
    def _page(visits: list[dict[str, Any]]) -> dict[str, Any]:
        sites = [visit["site"] for visit in visits]
        fences = {
            site["site"]: {"shape": "circle", "lat": site["lat"], "lon": site["lon"], "radius_m": 300} for site in sites
        }
        return {"items": visits, "fences": fences, "next": None}

    def _visits(self, worker: str | None) -> list[dict[str, Any]]:
        return [each for each in self.board["visits"] if worker in (None, each["worker"]["worker"])]
