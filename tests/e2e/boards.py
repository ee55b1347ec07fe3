"""Bodies for the staff's board: a day of any size, one visit in detail, the open alerts. The day of `states`."""

from __future__ import annotations

import zlib
from typing import Any
from uuid import UUID

from tests.e2e.states import HOME, at, eta, position

NOW = "10:05"
_STATUSES = ("finished", "in_service", "on_the_way", "scheduled", "scheduled", "arrived", "nearby", "cancelled")
_SURNAMES = "王李张刘陈杨赵黄周吴"
_PLACES = ("梧桐花园", "锦绣江南", "翠湖天地", "阳光新村", "汇景苑")


def alert(rule: str, subject: str, clock: str, ended: str | None = None, **params: Any) -> dict[str, Any]:
    """An open alert as the list has it."""
    number = int(subject.rpartition("-")[2])
    named = visit(number, "scheduled", "09:20", "09:50")
    about_visit = subject.startswith("v-")
    return {
        "alert": str(UUID(int=zlib.crc32(f"{rule} {subject}".encode()))),
        "rule": rule,
        "started_at": at(clock),
        "ended_at": at(ended) if ended else None,
        "standing": True,
        "state": "open",
        "rule_version": 1,
        "subject_kind": "visit" if about_visit else "worker" if subject.startswith("w-") else "device",
        "subject": subject,
        "worker": named["worker"]["worker"] if about_visit else subject if subject.startswith("w-") else None,
        "params": params,
        "evidence": [],
        "raised_known_at": at(clock),
        "known_at": at(clock),
        "revision": 1,
        "acknowledged": None,
        "resolved": None,
        "context": {
            "visit": subject if about_visit else None,
            "customer": named["customer"]["customer"],
            "customer_name": named["customer"]["name"] if about_visit else None,
            "site": named["site"]["site"],
            "site_name": named["site"]["name"] if about_visit else None,
            "service": named["service"],
            "worker": named["worker"]["worker"],
            "worker_name": named["worker"]["name"],
            "window_from": at("09:20"),
            "window_to": at("09:50"),
            "zone": "Asia/Shanghai",
        },
    }


def visit(key: int, status: str, opens: str, closes: str, **changes: Any) -> dict[str, Any]:
    """One line of the board."""
    return {
        "visit": f"v-{key:03d}",
        "customer": {"customer": f"c-{key}", "name": f"{_SURNAMES[key % 10]}{'女士' if key % 2 else '先生'}"},
        "site": {"site": f"s-{key}", "name": f"{_PLACES[key % 5]} {key % 19 + 1} 号楼", "address": "", **HOME},
        "worker": {"worker": f"w-{key % 7}", "name": f"{_SURNAMES[key % 7]}秀英"},
        "service": ("日常保洁", "老人照护", "做饭", "母婴护理")[key % 4],
        "window_from": at(opens),
        "window_to": at(closes),
        "planned_s": 7200,
        "status": status,
        "status_at": at(opens),
        "over": status in ("finished", "cancelled", "missed"),
        "eta": None,
        "position": None,
        "arrived_at": None,
        "lateness_s": None,
        "on_time": None,
        "alerts": [],
        **changes,
    }


def late_visit() -> dict[str, Any]:
    """Should have come by 09:50; is expected at 10:14."""
    return visit(
        901,
        "on_the_way",
        "09:20",
        "09:50",
        eta=eta("10:14", "10:10", "10:22", NOW, 2300),
        position=position(NOW, 1200, 1900),
        alerts=[late_visit_alert()],
    )


def board(size: int = 12, now: str = NOW) -> dict[str, Any]:
    """A day of `size` visits, three of which want attention."""
    visits = [
        late_visit(),
        visit(
            902, "on_the_way", "10:00", "10:30", eta=eta("10:41", "10:35", "10:55", now), position=position(now, 9, 9)
        ),
        visit(903, "missed", "08:30", "09:00", alerts=[alert("no_show", "v-903", "09:30")]),
    ]
    for key in range(size - len(visits)):
        status = _STATUSES[key % len(_STATUSES)]
        hour = {"finished": 8, "in_service": 9, "arrived": 9}.get(status, 10 + key % 8)
        opens, closes = f"{hour:02d}:{key % 4 * 15:02d}", f"{hour + 1:02d}:{key % 4 * 15:02d}"
        came = status in ("finished", "in_service", "arrived")
        late_s = (key * 137) % 1500 - 1100
        kept = {"arrived_at": at(f"{hour:02d}:50"), "lateness_s": late_s, "on_time": late_s <= 600} if came else {}
        approach = {"eta": eta("10:25", "10:20", "10:31", now)} if status in ("on_the_way", "nearby") else {}
        visits.append(visit(key, status, opens, closes, **kept, **approach))
    counts: dict[str, int] = {}
    for each in visits:
        counts[each["status"]] = counts.get(each["status"], 0) + 1
    clock = {"now": at(now), "mode": "scaled", "rate": 60.0}
    return {
        "clock": clock,
        "day": "2025-10-21",
        "zone": "Asia/Shanghai",
        "position": 1,
        "counts": counts,
        "visits": visits,
    }


def late_visit_alert() -> dict[str, Any]:
    """The alert of `late_visit`."""
    return alert("late", "v-901", "10:00", grace_s=600, promised_ms=1761011400000)


def detail() -> dict[str, Any]:
    """The late visit with all that is known: a step known late, a step that was corrected, facts of three kinds."""
    line = late_visit()
    one, two, three = (f"0000000{n}-0000-4000-8000-000000000000" for n in (1, 2, 3))

    def step(number: int, status: str, clock: str, known: str, until: str | None, *facts: str) -> dict[str, Any]:
        return {
            "step": number,
            "status": status,
            "at": at(clock),
            "cause": "fact" if facts else "plan",
            "known_from": at(known),
            "known_to": at(until) if until else None,
            "evidence": list(facts),
        }

    def fact(key: str, kind: str, clock: str, known: str, **body: Any) -> dict[str, Any]:
        return {"fact": key, "kind": kind, "at": at(clock), "device": "phone-1", "known_at": at(known), "body": body}

    full = late_visit_alert()
    return {
        **line,
        "clock": {"now": at(NOW), "mode": "scaled", "rate": 60.0},
        "log_position": 1,
        "zone": "Asia/Shanghai",
        "checklist": ["厨房", "卫生间", "地面"],
        "promises": {
            "first_from": at("09:00"),
            "first_to": at("09:30"),
            "from": at("09:20"),
            "to": at("09:50"),
            "revision": 2,
        },
        "timeliness": {
            "arrived_at": None,
            "lateness_s": None,
            "on_time": None,
            "early_s": None,
            "served_from": None,
            "served_to": None,
            "served_s": None,
        },
        "timeline": [
            step(0, "scheduled", "07:30", "07:30", None),
            step(1, "rescheduled", "08:10", "08:10", None),
            step(2, "on_the_way", "09:31", "09:31:04", "09:40", one),
            step(2, "on_the_way", "09:22", "09:40", None, two),
        ],
        "facts": [
            fact(two, "position", "09:22", "09:40", lat=31.25, lon=121.51, accuracy_m=18),
            fact(one, "position", "09:31", "09:31:04", lat=31.244, lon=121.502, accuracy_m=25),
            fact(three, "delay", "09:45", "09:45:02", reason="地铁晚点"),
        ],
        "alerts": [
            {
                **full,
                "history": [{"revision": 1, "change": "raised", "known_at": at("10:00:03"), "reason": None}],
            }
        ],
    }
