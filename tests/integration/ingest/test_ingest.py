"""From a device's PUBLISH to the log: stored, then acknowledged; what cannot be read is kept with its reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from uuid import UUID

import msgspec
import psycopg
import pytest

from domain.events.clock import TimeAdvanced
from domain.events.device import DeviceStatusChanged
from domain.events.facts import Fact, SosRaised, StatusReported
from domain.time import isoformat
from eventlog.clock import wall_ms
from eventlog.entry import Entry
from eventlog.log import EventLog
from ingest.codecs import codec_of
from ingest.message import Message
from ingest.reading import Receipt
from tests.integration.doorstep.parents import eventually
from tests.integration.ingest.cell import LIMIT_S, Cell, Device, running

NOW_S = wall_ms() // 1_000
GOOD = b'{"time":%d,"lat":31.2,"lon":121.4}' % NOW_S


def fixes(count: int, *, device: str = "p1", first: int = 0) -> list[tuple[str, bytes]]:
    """Distinct positions."""
    said = b'{"time":%d.%03d,"lat":31.2304167,"lon":121.4737012,"accuracy":8.5,"battery":77}'
    numbers = range(first, first + count)
    return [(f"doorstep/v1/{device}/position", said % (NOW_S - 3_600 + n // 1_000, n % 1_000)) for n in numbers]


def expected(messages: Sequence[tuple[str, bytes]]) -> set[UUID]:
    """The identities of what was published."""
    said = [codec_of(topic).decode(Message(topic, payload), Receipt(wall_ms())) for topic, payload in messages]
    positions = {position.fact for decoded in said for position in decoded.positions}
    return positions | {fact.fact for decoded in said for fact in decoded.facts}


def of_topic(entries: Sequence[Entry], kind: type[Fact]) -> list[Fact]:
    return [entry.event for entry in entries if isinstance(entry.event, kind)]


def test_what_devices_say_is_stored_once_and_acknowledged(cell: Cell, phone: Device) -> None:
    said = [
        *fixes(300),
        ("doorstep/v1/p1/position", b"[" + b",".join(payload for _, payload in fixes(200, first=250)) + b"]"),
        ("doorstep/v1/p1/checkin", b'{"time":%d,"visit":"v1","lat":31.2,"lon":121.4}' % NOW_S),
        ("doorstep/v1/p1/sos", b'{"time":%d,"note":"help"}' % NOW_S),
        ("doorstep/v1/p1/shift", b'{"time":%d,"on":true}' % NOW_S),
        ("doorstep/v1/p1/shift", b'{"on":true,"time":%d,"sent":%d}' % (NOW_S, NOW_S)),
        ("owntracks/jane.doe/phone", b'{"_type":"location","tst":%d,"lat":31.2,"lon":121.4,"vel":36}' % NOW_S),
        ("owntracks/jane.doe/phone", b'{"_type":"location","tst":"%d","lat":31.2,"lon":121.4,"vel":36}' % NOW_S),
        ("owntracks/jane.doe/phone/event", b'{"_type":"transition","tst":%d,"event":"enter"}' % NOW_S),
        ("owntracks/jane.doe/phone/cmd", b'{"_type":"cmd","action":"dump"}'),
    ]
    with running(cell):
        phone.publish(said)
        cell.until_rows(455)
        eventually(lambda: cell.counters()["messages"] >= len(said) + 1, "the second session heard the SOS", LIMIT_S)
        assert cell.stop() == 0
    assert set(cell.facts()) == expected(said)
    assert set(cell.facts().values()) == {1}
    assert cell.letters() == []
    counted = cell.counters()
    assert (counted["positions"], counted["facts"], counted["duplicates"]) == (451, 4, 53)
    devices = {name for entry in cell.entries() if entry.batch is not None for name in entry.batch.devices}
    assert devices == {"p1", "jane~2edoe.phone"}
    assert cell.is_acknowledged()


def test_nothing_that_is_published_while_ingest_is_away_is_missed(cell: Cell, phone: Device) -> None:
    with running(cell):
        assert cell.stop() == 0
    said = [*fixes(500), ("doorstep/v1/p1/sos", b'{"time":%d}' % NOW_S)]
    phone.publish(said)
    with running(cell):
        cell.until_rows(501)
        assert cell.stop() == 0
    assert set(cell.facts()) == expected(said)
    assert cell.is_acknowledged()


def test_an_sos_overtakes_what_waits(cell: Cell, phone: Device) -> None:
    with running(cell):
        assert cell.stop() == 0
    phone.publish([*fixes(3_000), ("doorstep/v1/p1/sos", b'{"time":%d}' % NOW_S)])
    with running(cell):
        cell.until_rows(3_001)
    entries = cell.entries()
    place = next(index for index, entry in enumerate(entries) if isinstance(entry.event, SosRaised))
    before = sum(len(entry.batch) for entry in entries[:place] if entry.batch is not None)
    assert before < 3_000


TEN_MEGABYTES = b"[" + b",".join(GOOD[:-1] + b',"n":%d,"note":"%s"}' % (n, b"x" * 940) for n in range(9_900)) + b"]"
BAD = {
    "truncated": (b'{"time":1795222923,"lat":31.2,"lo', "not_json"),
    "types": (b'{"time":1795222923,"lat":"31.2","lon":121.4}', "wrong_type"),
    "nan": (b'{"time":1795222923,"lat":NaN,"lon":121.4}', "not_json"),
    "range": (b'{"time":1795222923,"lat":131.2,"lon":121.4}', "out_of_range"),
    "binary": (bytes(range(256)) * 10, "not_json"),
    "deep": (b"[" * 100_000, "too_deep"),
    "junk-10mb": (b"\xff" * 10_000_000, "not_json"),
    "empty": (b"", "empty"),
}


def test_bad_input_becomes_dead_letters_or_facts_and_ingest_goes_on(cell: Cell, phone: Device) -> None:
    said = [(f"doorstep/v1/{device}/position", payload) for device, (payload, _) in BAD.items()]
    said += [
        ("doorstep/v1/p1/nonsense", b"{}"),
        ("doorstep/v1/p1/some/where/else", b"{}"),
        ("doorstep/v1/_clock/time", b'{"time":%d}' % NOW_S),
        ("doorstep/v1/p1/position", b'{"time":"1970-01-01T00:00:00Z","lat":1,"lon":2}'),
        ("doorstep/v1/p1/position", b'{"time":"2100-01-01T00:00:00Z","lat":1,"lon":2}'),
        ("doorstep/v1/p1/shift", b'{"time":0,"on":true}'),
        ("doorstep/v1/p1/position", b"[" + GOOD + b',{"lat":1}]'),
        ("doorstep/v1/big/position", TEN_MEGABYTES),
    ]
    assert 9_000_000 < len(TEN_MEGABYTES) < 16_000_000
    with running(cell):
        phone.publish(said)
        phone.publish([("doorstep/v1/last/position", GOOD)])
        cell.until_rows(9_900 + 5)
        eventually(lambda: len(cell.letters()) == len(BAD) + 4, "the letters are kept", LIMIT_S)
        assert not cell.has_ended
        assert cell.stop() == 0
    reasons = {topic.split("/")[2]: reason for topic, reason, *_ in cell.letters()}
    assert {device: reasons[device] for device in BAD} == {device: reason for device, (_, reason) in BAD.items()}
    assert cell.letters()[0][:2] == ("doorstep/v1/_clock/time", "clock_not_followed")
    assert ("doorstep/v1/p1/nonsense", "unknown_topic", "open", 1) in cell.letters()
    assert ("doorstep/v1/p1/some/where/else", "unknown_topic", "open", 1) in cell.letters()
    assert ("doorstep/v1/p1/position", "missing_field", "open", 1) in cell.letters()
    assert cell.is_acknowledged()


def test_the_same_junk_again_is_the_same_letter(cell: Cell, phone: Device) -> None:
    with running(cell):
        phone.publish([("doorstep/v1/p1/position", b"junk")] * 3)
        eventually(lambda: [times for *_, times in cell.letters()] == [3], "counted, not repeated", LIMIT_S)


def test_dead_letters_are_listed_shown_and_read_again(cell: Cell, phone: Device) -> None:
    said = b'{"time":%d,"lat":31.2,"lon":121.4}' % NOW_S
    with running(cell):
        phone.publish([("doorstep/v1/p1/position", b"junk")])
        eventually(lambda: len(cell.letters()) == 1, "the letter is kept", LIMIT_S)
        with psycopg.connect(cell.settings.database_url or "") as conn:
            # As if a dialect had learnt to read it since.
            conn.execute(
                "INSERT INTO ingest.dead_letters (key, topic, payload, reason, detail, retained, first_seen, last_seen)"
                " VALUES ('\\x01', 'doorstep/v1/p2/position', %s, 'not_json', 'once', false, now(), now())",
                (said,),
            )
        listed = json.loads(cell.run_to_its_end("dead-letters", "list", "--json").stdout)
        assert {letter["topic"]: letter["reason"] for letter in listed} == {
            "doorstep/v1/p1/position": "not_json",
            "doorstep/v1/p2/position": "not_json",
        }
        key = next(letter["key"] for letter in listed if "p1" in letter["topic"])
        assert "junk" in cell.run_to_its_end("dead-letters", "show", key[:8]).stdout
        assert cell.run_to_its_end("dead-letters", "show", key, "--raw").stdout == "junk"
        assert cell.run_to_its_end("dead-letters", "show", "ffff").returncode == 1
        retried = cell.run_to_its_end("dead-letters", "retry")
        assert retried.returncode == 1
        assert "1 letters are still unreadable" in retried.stderr
        assert cell.run_to_its_end("dead-letters", "retry", "01").returncode == 0
        phone.publish([("doorstep/v1/p3/position", GOOD)])
        cell.until_rows(2)
    states = {topic: state for topic, _, state, _ in cell.letters()}
    assert states == {"doorstep/v1/p1/position": "open", "doorstep/v1/p2/position": "resolved"}
    assert set(cell.facts()) == expected([("doorstep/v1/p2/position", said), ("doorstep/v1/p3/position", GOOD)])


def changes(cell: Cell) -> list[dict[str, object]]:
    return [entry.event.status for entry in cell.entries() if isinstance(entry.event, DeviceStatusChanged)]


def test_a_retained_status_is_recorded_once_per_change_and_never_as_a_fact(cell: Cell, phone: Device) -> None:
    topic = "doorstep/v1/p1/status"
    phone.publish([(topic, b'{"online":true,"time":%d}' % NOW_S), ("doorstep/v1/p1/position", GOOD)], retain=True)
    for online in (b"true", b"false"):
        with running(cell):
            eventually(lambda: len(changes(cell)) >= 1, "the registry knows", LIMIT_S)
            assert cell.stop() == 0
        with running(cell):
            phone.publish([(topic, b'{"online":%s,"time":%d}' % (online, NOW_S + 1))], retain=True)
            eventually(lambda: bool(of_topic(cell.entries(), StatusReported)), "live it is a fact", LIMIT_S)
            assert cell.stop() == 0
    with running(cell):
        eventually(lambda: len(changes(cell)) == 2, "the registry knows the change", LIMIT_S)
    assert changes(cell) == [{"online": True}, {"online": False}]
    assert cell.rows() == 2
    with EventLog(cell.settings.database_url or "") as log:
        assert log.version("device-status/p1") == 2


def test_a_followed_cell_records_facts_at_the_tick_before_them(cell: Cell, phone: Device) -> None:
    cell.settings = msgspec.structs.replace(
        cell.settings, clock_mode=type(cell.settings.clock_mode)("followed"), home=cell.settings.home
    )
    start_s = 1_500_000_000
    said: list[tuple[str, bytes]] = []
    for step in range(40):
        at_s = start_s + step * 10
        said.append(("doorstep/v1/_clock/time", b'{"time":"%s"}' % isoformat(at_s * 1_000).encode()))
        said += [("doorstep/v1/p1/position", b'{"time":%d,"lat":31.2,"lon":121.4}' % (at_s + n)) for n in range(5)]
        said.append(("doorstep/v1/p1/shift", b'{"time":%d,"on":true}' % at_s))
    with running(cell):
        phone.publish(said)
        cell.until_rows(40 * 6)
    assert cell.letters() == []
    now_ms, ticks = 0, 0
    for entry in cell.entries():
        if isinstance(entry.event, TimeAdvanced):
            assert entry.event.recorded_at_ms > now_ms
            now_ms, ticks = entry.event.recorded_at_ms, ticks + 1
        assert entry.event.recorded_at_ms == now_ms
        stated = entry.batch.observed_at_ms.tolist() if entry.batch is not None else []
        if isinstance(entry.event, Fact):
            stated.append(entry.event.observed_at_ms)
        assert all(now_ms <= at_ms < now_ms + 10_000 for at_ms in stated)
    assert ticks == 40


@pytest.mark.parametrize("database_url", ["postgresql://nobody@127.0.0.1:1/none"])
def test_without_a_database_it_ends_with_one_line(cell: Cell, database_url: str) -> None:
    cell.settings = msgspec.structs.replace(cell.settings, database_url=database_url)
    ended = cell.run_to_its_end("ingest")
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("doorstep: the log cannot be reached")
