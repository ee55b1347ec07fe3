"""The registry that people see: unknown devices with what they said, for whom each speaks, settings, clocks."""

from __future__ import annotations

from typing import Any

import pytest

from domain.events import Event
from domain.events.facts import CLASSES
from domain.ids import fact_id
from domain.positions import Flag, Position
from domain.time import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Ms, isoformat, utc_day
from eventlog.entry import Append
from tests.integration.api.cell import HOME, NOON, Cell, fix, one_visit, site, worker


def said(cell: Cell, kind: str, device: str, at_ms: int, **fields: Any) -> None:
    """A fact that is no position, received on the cell's clock."""
    fact = fact_id(device, kind, at_ms, repr(fields).encode())
    event: Event = CLASSES[kind](
        recorded_at_ms=cell.clock.ms, fact=fact, device=device, observed_at_ms=Ms(at_ms), **fields
    )
    stream = f"facts/{device}/{utc_day(cell.clock.ms)}"
    cell.log.append([Append(stream, [event], cell.log.version(stream))])


def listed(cell: Cell, **query: Any) -> list[str]:
    cell.fold()
    return [item["device"] for item in cell.ok(cell.get("/v1/devices", params=query))["items"]]


def one(cell: Cell, device: str) -> dict[str, Any]:
    cell.fold()
    found: dict[str, Any] = cell.ok(cell.get(f"/v1/devices/{device}"))
    return found


def code(answer: Any, status: int = 422) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["code"])


def test_an_unknown_device_is_listed_first_with_its_last_message(cell: Cell) -> None:
    cell.plan(**one_visit())
    cell.seen([fix("phone-1", NOON, *HOME), fix("stranger", NOON - MINUTE_MS, 31.25, 121.5)])
    cell.fold()
    page = cell.ok(cell.get("/v1/devices"))
    assert [item["device"] for item in page["items"]] == ["stranger", "phone-1"]
    assert (page["unknown"], page["bound"], page["next"]) == (1, 1, None)
    stranger, phone = page["items"]
    assert (stranger["holder"], stranger["sort"], stranger["messages"]) == (None, "device", 1)
    where = {"lat": 31.25, "lon": 121.5, "accuracy_m": 10.0}
    assert stranger["last"] == {"kind": "position", "at": isoformat(NOON - MINUTE_MS), "said": where}
    assert (stranger["first_heard_at"], stranger["heard_at"]) == (isoformat(NOON), isoformat(NOON))
    assert phone["holder"] == {"kind": "worker", "id": "w-1", "name": "王秀兰"}
    assert (phone["since"], phone["until"]) == ("2026-01-01T00:00:00.000Z", None)


def test_a_device_bound_with_a_past_date_speaks_since_then(cell: Cell) -> None:
    cell.plan(**one_visit())
    cell.seen([fix("button-7", NOON, *HOME)])
    assert listed(cell, state="unknown") == ["button-7"]
    ask = {"site": "s-1", "from": isoformat(NOON - DAY_MS), "until": isoformat(NOON + DAY_MS)}
    cell.ok(cell.post("/v1/devices/button-7/bindings", ask))
    assert listed(cell, state="unknown") == []
    told = one(cell, "button-7")
    assert told["holder"] == {"kind": "site", "id": "s-1", "name": "Site 1"}
    assert told["bindings"] == [{"holder": told["holder"], "from": ask["from"], "until": ask["until"]}]
    cell.clock.ms = Ms(NOON + DAY_MS)
    assert listed(cell, state="unknown") == ["button-7"], "the period is over"
    assert one(cell, "button-7")["bindings"], "and still told"


def test_tags_and_beacons_are_bound_by_their_ids_and_found_in_any_spelling(cell: Cell) -> None:
    cell.plan(**one_visit())
    beacon = "beacon:1de4b189115e45f6b44e509352269977:0:7"
    said(cell, "scan", "reader-1", NOON, tag="74103794")
    said(cell, "scan", "gateway-1", NOON, tag=beacon)
    assert set(listed(cell, state="unknown")) == {"tag:74103794", beacon, "reader-1", "gateway-1"}
    told = one(cell, "tag:74103794")
    assert (told["sort"], told["reader"], told["last"]["kind"]) == ("tag", "reader-1", "scan")
    (sight,) = told["recent"]
    assert (sight["device"], sight["kind"], sight["said"]) == ("reader-1", "scan", {"tag": "74103794"})
    assert one(cell, "beacon%3A1de4b189115e45f6b44e509352269977%3A0%3A7")["sort"] == "beacon"
    cell.ok(cell.post("/v1/devices/tag:74103794/bindings", {"worker": "w-1", "from": isoformat(NOON)}))
    cell.ok(cell.post(f"/v1/devices/{beacon}/bindings", {"site": "s-1", "from": isoformat(NOON)}))
    assert listed(cell, q="74-10-37-94") == ["tag:74103794"]
    assert set(listed(cell, q="王秀")) == {"tag:74103794", "phone-1"}
    assert listed(cell, site="s-1") == [beacon]
    assert set(listed(cell, worker="w-1")) == {"phone-1", "tag:74103794"}


def test_who_was_only_spoken_about_is_listed_as_never_heard(cell: Cell) -> None:
    cell.plan(**one_visit())
    told = one(cell, "phone-1")
    assert (told["heard_at"], told["last"], told["messages"], told["clock"]) == (None, None, 0, None)
    assert code(cell.get("/v1/devices/nobody"), 404) == "not_found"


def test_settings_are_kept_and_what_ingest_cannot_read_by_is_refused(cell: Cell) -> None:
    settings = {"dialect": "owntracks", "zone": "Asia/Shanghai", "crs": "gcj02", "fields": {"lat": "a.b"}}
    answer = cell.ok(cell.request("PUT", "/v1/devices/p-1/settings", json=settings))
    assert (answer["kind"], answer["outcome"]) == ("settings", "created")
    again = cell.ok(cell.request("PUT", "/v1/devices/p-1/settings", json=settings))
    assert again["outcome"] == "unchanged"
    assert one(cell, "p-1")["settings"] == {"topic": None, "model": None} | settings
    assert cell.ok(cell.get("/v1/devices"))["items"][0]["dialect"] == "owntracks"
    for refused, why in {
        "unknown_dialect": {"dialect": "semaphore"},
        "unknown_model": {"model": "teapot"},
        "invalid_zone": {"zone": "Mars/Olympus"},
        "invalid_topic": {"topic": "a/b"},
        "invalid": {"colour": "red"},
    }.items():
        assert code(cell.request("PUT", "/v1/devices/p-1/settings", json=why)).startswith(refused)
    assert code(cell.request("PUT", "/v1/devices/tag:1/settings", json={"dialect": "native", "topic": "x"})) == (
        "invalid_topic"
    ), "a tag publishes nowhere"
    cell.ok(cell.request("PUT", "/v1/devices/p-1/settings", json={}))
    assert one(cell, "p-1")["settings"]["dialect"] is None
    known = cell.ok(cell.get("/v1/dialects"))
    assert "native" in known["dialects"]
    model = known["models"][0]
    assert model["title"]
    cell.ok(cell.request("PUT", "/v1/devices/p-1/settings", json={"model": model["model"]}))


def test_a_clock_that_runs_ahead_is_seen_and_corrected(cell: Cell) -> None:
    ahead = Position(
        device="p",
        observed_at_ms=NOON + HOUR_MS,
        lat_e7=0,
        lon_e7=0,
        sent_ms=NOON + HOUR_MS,
        flags=int(Flag.TIME_AHEAD),
    )
    cell.seen([ahead])
    told = one(cell, "p")
    assert told["flagged_ahead"] == 1
    clock = {"ahead_ms": HOUR_MS, "by": "sent", "messages": 1, "verdict": "ahead"}
    assert {name: told["clock"][name] for name in clock} == clock
    assert told["clock_offset_ms"] == 0
    ask = {"offset_ms": -HOUR_MS, "from": isoformat(NOON - DAY_MS), "reason": "set to the wrong zone"}
    answer = cell.ok(cell.post("/v1/devices/p/clock-corrections", ask))
    assert (answer["kind"], answer["outcome"]) == ("clock_correction", "created")
    told = one(cell, "p")
    assert told["clock_offset_ms"] == -HOUR_MS
    (correction,) = told["corrections"]
    assert (correction["reason"], correction["until"], correction["by"]) == (ask["reason"], None, "staff")
    assert told["clock"]["ahead_ms"] == HOUR_MS, "what the clock says is shown, not what is made of it"
    assert code(cell.post("/v1/devices/p/clock-corrections", ask | {"reason": " "})) == "invalid_text"


@pytest.mark.parametrize(("late_ms", "verdict"), [(5 * SECOND_MS, "right"), (HOUR_MS, "behind_or_late")])
def test_late_uploads_are_not_said_to_be_a_slow_clock(cell: Cell, late_ms: int, verdict: str) -> None:
    cell.seen([fix("p", NOON - late_ms, *HOME)])
    assert one(cell, "p")["clock"]["verdict"] == verdict


def test_a_payload_that_names_another_device_is_counted(cell: Cell) -> None:
    cell.seen(
        [Position(device="p", observed_at_ms=NOON, lat_e7=0, lon_e7=0, extras=b'{"contradicts":"phone-9","x":1}')]
    )
    told = one(cell, "p")
    assert told["contradictions"] == {"count": 1, "last_said": "phone-9", "at": isoformat(NOON)}
    assert told["recent"][0]["said"]["extras"] == {"contradicts": "phone-9", "x": 1}


def test_the_last_messages_are_told_whatever_their_kind_and_without_service_codes(cell: Cell) -> None:
    cell.seen([fix("p", NOON - MINUTE_MS * n, *HOME) for n in range(30)])
    said(cell, "checkin", "p", NOON + MINUTE_MS, visit="v-1", code="493817", method="code")
    told = one(cell, "p")
    assert len(told["recent"]) == 20
    assert (told["recent"][0]["kind"], told["recent"][0]["said"]) == ("checkin", {"visit": "v-1", "method": "code"})
    assert told["recent"][1]["at"] == isoformat(NOON)


def test_one_key_configures_once(cell: Cell) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = cell.request("PUT", "/v1/devices/p/settings", json={"crs": "bd09"}, headers=key)
    again = cell.request("PUT", "/v1/devices/p/settings", json={"crs": "bd09"}, headers=key)
    assert cell.ok(first) == cell.ok(again)
    other = cell.request("PUT", "/v1/devices/p/settings", json={"crs": "gcj02"}, headers=key)
    assert code(other) == "idempotency_key_reused"


def test_lists_are_of_now_and_one_transaction(cell: Cell) -> None:
    cell.plan(workers=[worker(1), worker(2)])
    for name, since in (("w-1", NOON - HOUR_MS), ("w-2", NOON + HOUR_MS)):
        cell.ok(cell.post("/v1/devices/p/bindings", {"worker": name, "from": isoformat(since)}))
    assert (listed(cell, worker="w-1"), listed(cell, worker="w-2")) == (["p"], [])
    cell.clock.ms = Ms(NOON + HOUR_MS)
    assert (listed(cell, worker="w-1"), listed(cell, worker="w-2")) == ([], ["p"])


def test_a_site_is_found_to_be_bound_to(cell: Cell) -> None:
    cell.plan(**one_visit() | {"sites": [site(1), site(2, customer=1) | {"name": "翠湖 3 号楼"}]})
    cell.fold()
    (found,) = cell.ok(cell.get("/v1/sites", params={"q": "翠湖"}))["items"]
    told = {"site": "s-2", "name": "翠湖 3 号楼", "customer": "c-1", "customer_name": "Customer 1"}
    assert {name: found[name] for name in told} == told
    assert code(cell.get("/v1/sites", params={"q": "a\0"})) == "invalid_request"
