"""A cell to test ingest in: a database, a broker, `doorstep ingest` as a process, and devices that publish."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import paho.mqtt.client as mqtt
import psycopg
from paho.mqtt.enums import CallbackAPIVersion

from domain.events.facts import Fact
from doorstep import bootstrap
from doorstep.settings import Settings, inherited_environ
from eventlog.entry import Entry
from eventlog.log import EventLog
from tests.integration.doorstep.parents import ROOT, eventually

LIMIT_S = 60.0
AT_LEAST_ONCE = 1
ACK_WAIT_S = 1.0
"""After this the broker redelivers what was not acknowledged."""


class Cell:
    """`settings` name its database and broker; its tables are made."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.process: subprocess.Popen[bytes] | None = None
        bootstrap.migrate(settings)

    def start(self) -> None:
        """Run `doorstep ingest`, ready."""
        ready = self.settings.ready_file
        assert ready is not None
        ready.unlink(missing_ok=True)
        environ = {**inherited_environ(), **self.settings.to_environ()}
        command = [sys.executable, "-m", "doorstep.cli", "ingest"]
        self.process = subprocess.Popen(command, env=environ, cwd=ROOT)
        eventually(lambda: ready.exists() or self.has_ended, "ingest is ready", LIMIT_S)
        assert not self.has_ended

    def run_to_its_end(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`doorstep ingest`, or another command, until it ends by itself."""
        environ = {**inherited_environ(), **self.settings.to_environ()}
        command = [sys.executable, "-m", "doorstep.cli", *(arguments or ("ingest",))]
        return subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S)

    @property
    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end, as the supervisor does; its exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(30)

    def entries(self) -> list[Entry]:
        """The whole log."""
        with EventLog(self.settings.database_url or "") as log:
            return log.page(0, 1_000_000)

    def facts(self) -> Counter[UUID]:
        """Each fact of the log and how often it stands there, positions too."""
        found: Counter[UUID] = Counter()
        for entry in self.entries():
            if entry.batch is not None:
                found.update(entry.batch.facts())
            elif isinstance(entry.event, Fact):
                found[entry.event.fact] += 1
        return found

    def rows(self) -> int:
        """How many facts the log holds; cheap enough to poll."""
        with psycopg.connect(self.settings.database_url or "") as conn:
            row = conn.execute(
                "SELECT coalesce(sum(coalesce((convert_from(state, 'utf8')::json ->> 'rows')::int, 1)), 0) "
                "FROM eventlog.log_events WHERE topic LIKE 'doorstep.fact.%' OR topic = 'doorstep.positions.recorded'"
            ).fetchone()
        assert row is not None
        return int(row[0])

    def letters(self) -> list[tuple[str, str, str, int]]:
        """(topic, reason, state, times) of the dead letters, in the order of their topics."""
        query = "SELECT topic, reason, state, times FROM ingest.dead_letters ORDER BY topic, reason"
        with psycopg.connect(self.settings.database_url or "") as conn:
            return list(conn.execute(query).fetchall())

    def counters(self) -> dict[str, float]:
        with psycopg.connect(self.settings.database_url or "") as conn:
            return dict(conn.execute("SELECT name, value FROM ingest.counters").fetchall())

    def until_rows(self, count: int) -> None:
        eventually(lambda: self.rows() >= count, f"{count} facts are in the log", LIMIT_S)

    def is_acknowledged(self) -> bool:
        """Whether the broker waits for no acknowledgement: a session that takes over is delivered nothing again."""
        assert self.has_ended
        sessions = [self.settings.mqtt_client_id + suffix for suffix in ("", "-sos", "-owntracks")]
        with ExitStack() as stack:
            heirs = [stack.enter_context(Device(self.settings.mqtt_url or "", name, clean=False)) for name in sessions]
            threading.Event().wait(2 * ACK_WAIT_S)
        return not any(heir.got for heir in heirs)


class Device:
    """A paho client that publishes at QoS 1, and keeps what it is sent."""

    def __init__(self, url: str, name: str, *, clean: bool = True) -> None:
        parts = urlsplit(url)
        self.got: list[tuple[str, bytes]] = []
        self._connected, self._published = threading.Event(), threading.Event()
        self._left = 0
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=clean)
        self._client.max_inflight_messages_set(1_000)
        self._client.reconnect_delay_set(0.1, 1.0)  # type: ignore[arg-type]
        self._client.on_connect = lambda *_: self._connected.set()
        self._client.on_publish = self._on_publish
        self._client.on_message = lambda _client, _data, message: self.got.append(
            (message.topic, bytes(message.payload))
        )
        self._client.connect(parts.hostname or "", parts.port or 0)
        self._client.loop_start()

    def __enter__(self) -> Device:
        assert self._connected.wait(LIMIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_publish(self, *_: Any) -> None:
        self._left -= 1
        if self._left == 0:
            self._published.set()

    def publish(self, messages: Sequence[tuple[str, bytes]], *, retain: bool = False, wait: bool = True) -> None:
        """Publish; `wait` until the broker has all of them."""
        self._published.clear()
        self._left += len(messages)
        for topic, payload in messages:
            sent = self._client.publish(topic, payload, AT_LEAST_ONCE, retain=retain)
            assert sent.rc != mqtt.MQTT_ERR_QUEUE_SIZE
        if wait:
            self.wait()

    def wait(self) -> None:
        assert self._published.wait(LIMIT_S)


@contextmanager
def running(cell: Cell) -> Iterator[Cell]:
    """The cell with ingest ready; ended at the end, however the test ends."""
    cell.start()
    try:
        yield cell
    finally:
        if not cell.has_ended:
            cell.stop()


def settings_of(folder: Path, database_url: str, mqtt_url: str, **changes: Any) -> Settings:
    """Settings of a test's cell."""
    known = {"home": folder, "database_url": database_url, "mqtt_url": mqtt_url, "ready_file": folder / "ready"}
    return Settings.read({**known, **changes}, environ={})
