"""Health with its reasons, metrics, the clock, the pages, and the OpenAPI."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from domain.time import MINUTE_MS, isoformat
from doorstep.bootstrap import staff_token
from doorstep.settings import Settings
from eventlog.clock import ClockMode
from projections import place
from projections.unit import JUDGE
from tests.integration.api.cell import NOON, TOKEN, Cell, cell_at, one_visit


def reasons(cell: Cell) -> dict[str, str]:
    answer = cell.get("/readyz", token=None)
    told: dict[str, Any] = answer.json()
    assert (answer.status_code == 200) == told["ready"] == (not told["reasons"])
    return told["reasons"]


def test_the_process_is_up_whatever_else_is_not(shared: Cell) -> None:
    assert shared.ok(shared.get("/healthz", token=None)) == {"status": "ok"}


def test_a_cell_whose_parts_all_work_is_ready(database: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as broker:
        url = f"mqtt://127.0.0.1:{broker.getsockname()[1]}"
        with cell_at(database, tmp_path, mqtt_url=url) as cell, psycopg.connect(cell.dsn, autocommit=True) as conn:
            cell.plan(**one_visit())
            cell.fold()
            assert reasons(cell) == {"projector": "does not run", "ingest": "never ran"}
            with conn.cursor() as cursor:
                assert place.try_run(cursor, JUDGE)
            conn.execute("INSERT INTO ingest.counters (name, value) VALUES ('positions', 17)")
            assert reasons(cell) == {}
            conn.execute("UPDATE ingest.counters SET at = now() - interval '30 seconds'")
            assert reasons(cell)["ingest"].startswith("has been silent for 3")


@pytest.mark.parametrize(
    ("counters", "said"),
    [
        (
            [("failing_s", 12, "the append failed: disk full")],
            "has committed nothing for 12 s: the append failed",
        ),
        ([("failing_s", 2, "a hiccup")], None),
        ([("full", 1, None), ("held_bytes", 300 << 20, None)], "holds 300 MiB and reads no more until"),
        ([("connected", 0, "doorstep-ingest-sos")], "has no session with the broker: doorstep-ingest-sos"),
        ([("unanswered_s", 40, None)], "the broker has stored nothing for 40 s"),
        ([("connected", 1, ""), ("full", 0, None), ("failing_s", 0, ""), ("unanswered_s", 1, None)], None),
    ],
)
def test_what_keeps_ingest_from_its_work_is_said_in_its_words(
    cell: Cell, counters: list[tuple[str, float, str | None]], said: str | None
) -> None:
    cell.fold()
    with psycopg.connect(cell.dsn, autocommit=True) as conn, conn.cursor() as cursor:
        cursor.executemany("INSERT INTO ingest.counters (name, value, note) VALUES (%s, %s, %s)", counters)
    told = reasons(cell).get("ingest")
    assert told is None if said is None else told is not None and told.startswith(said)


def test_a_database_that_takes_no_writes_is_a_reason(cell: Cell) -> None:
    cell.fold()
    with psycopg.connect(cell.dsn, autocommit=True) as conn:
        conn.execute(
            "CREATE FUNCTION pg_temp_full() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"
        )
        conn.execute(
            "CREATE TRIGGER full_disk BEFORE INSERT ON ingest.counters FOR EACH ROW EXECUTE FUNCTION pg_temp_full()"
        )
        assert reasons(cell)["storage"] == "the database takes no writes: could not extend file"
        conn.execute("DROP TRIGGER full_disk ON ingest.counters")
        assert "storage" not in reasons(cell)


def test_a_broker_that_does_not_answer_is_a_reason(cell: Cell) -> None:
    cell.fold()
    assert "broker" in reasons(cell)


def test_a_projector_that_stands_still_says_why(cell: Cell) -> None:
    cell.fold()
    with psycopg.connect(cell.dsn) as conn, conn.cursor() as cursor:
        place.stop(cursor, JUDGE, 5, "log position 5 cannot be folded")
    assert "cannot be folded" in reasons(cell)["projector"]


def test_a_projector_far_behind_is_a_reason(database: str, tmp_path: Path) -> None:
    with cell_at(database, tmp_path, ready_behind=3) as cell, psycopg.connect(cell.dsn, autocommit=True) as conn:
        with conn.cursor() as cursor:
            assert place.try_run(cursor, JUDGE)
        cell.plan(**one_visit())
        assert reasons(cell)["projector"] == "is 5 log entries behind"
        cell.fold()
        assert "projector" not in reasons(cell)


def test_metrics_say_where_things_stand_and_what_was_counted(cell: Cell) -> None:
    cell.plan(**one_visit())
    position = cell.fold()
    cell.tick(NOON + MINUTE_MS)
    with psycopg.connect(cell.dsn) as conn:
        conn.execute("INSERT INTO ingest.counters (name, value) VALUES ('positions', 17), ('last_flush_ms', 2.5)")
    cell.get("/v1/board")
    cell.get("/v1/visits/v-1")
    cell.get("/v1/visits/v-2")
    cell.get("/wp-login.php")
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(cell.get("/metrics", token=None).text)
        for sample in family.samples
    }
    assert found[("doorstep_log_head",)] == position + 1
    assert found[("doorstep_projection_position", "judge")] == position
    assert found[("doorstep_projection_behind", "judge")] == 1
    assert found[("doorstep_projection_error", "judge")] == 0
    assert found[("doorstep_ingest_positions_total",)] == 17
    assert found[("doorstep_ingest_last_flush_ms",)] == 2.5
    assert found[("doorstep_streams",)] == 0
    assert found[("doorstep_requests_total", *sorted(("GET", "/v1/visits/{visit}", "200")))] == 1
    assert found[("doorstep_requests_total", *sorted(("GET", "/v1/visits/{visit}", "404")))] == 1
    assert found[("doorstep_requests_total", *sorted(("GET", "unknown", "404")))] == 1
    assert found[("doorstep_request_seconds_count", "/v1/board")] == 1


def test_what_stands_now_is_a_gauge_and_what_is_counted_a_counter(cell: Cell) -> None:
    cell.fold()
    told = {
        "queue_depth": 7,
        "held_bytes": 900,
        "full": 0,
        "connected": 1,
        "failing_s": 0,
        "unanswered_s": 2,
        "last_flush_ms": 3.5,
        "letters_open": 12,
        "letters_bytes": 4_096,
        "letters_share": 0.25,
        "dead_letters": 40,
        "messages": 1_000,
    }
    with psycopg.connect(cell.dsn, autocommit=True) as conn, conn.cursor() as cursor:
        cursor.executemany("INSERT INTO ingest.counters (name, value) VALUES (%s, %s)", list(told.items()))
    families = text_string_to_metric_families(cell.get("/metrics", token=None).text)
    found = {s.name: (family.type, s.value) for family in families for s in family.samples if not s.labels}
    assert found["doorstep_dead_letters"] == ("gauge", 12)
    assert found["doorstep_dead_letters_bytes"] == ("gauge", 4_096)
    assert found["doorstep_dead_letters_share"] == ("gauge", 0.25)
    for name in ("queue_depth", "held_bytes", "full", "connected", "failing_s", "unanswered_s", "last_flush_ms"):
        assert found[f"doorstep_ingest_{name}"] == ("gauge", told[name])
    for name in ("messages", "dead_letters"):
        assert found[f"doorstep_ingest_{name}_total"] == ("counter", told[name])
    assert not any("letters_" in name and name.startswith("doorstep_ingest") for name in found if "dead_" not in name)


def test_the_clock_is_the_cells(cell: Cell) -> None:
    assert cell.ok(cell.get("/v1/clock", token=None)) == {"now": isoformat(NOON), "mode": "wall", "rate": 1.0}


@pytest.mark.parametrize(("mode", "rate", "told"), [("scaled", 60.0, 60.0), ("followed", None, 0.0)])
def test_a_clock_that_is_not_the_walls_says_so(
    database: str, tmp_path: Path, mode: str, rate: float | None, told: float
) -> None:
    with cell_at(database, tmp_path, clock_mode=ClockMode(mode), **({"clock_rate": rate} if rate else {})) as cell:
        clock = cell.ok(cell.get("/v1/clock"))
        assert (clock["mode"], clock["rate"]) == (mode, told)


def test_the_wire_formats_schema_is_served(shared: Cell) -> None:
    assert "position" in shared.ok(shared.get("/v1/wire-schema", token=None))["$defs"]


def test_large_answers_are_packed(shared: Cell) -> None:
    answer = shared.get("/openapi.json", token=None)
    assert answer.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in shared.get("/healthz").headers


def test_the_staff_token_is_minted_once_and_only_its_owner_may_read_it(database: str, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", database_url=database)
    minted = staff_token(settings)
    assert len(minted) >= 32
    assert staff_token(settings) == minted
    assert (tmp_path / "home/staff-token").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in (tmp_path / "home").iterdir()] == ["staff-token"]
    assert staff_token(Settings(home=tmp_path / "home", staff_token=TOKEN)) == TOKEN
