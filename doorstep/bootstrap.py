"""The only place that constructs real things: settings in, wired objects out."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
import psycopg

from api.schema import migrate as migrate_api
from domain.errors import Unavailable
from domain.time import SECOND_MS, Ms
from doorstep.brokers.accounts import CLOCK_ALL, OWN, SHARED
from doorstep.embedded.broker import BrokerTls, BrokerUser, EmbeddedBroker
from doorstep.embedded.folder import FolderLock
from doorstep.embedded.postgres import EmbeddedPostgres
from doorstep.settings import LOOPBACK, Settings, WrongSetting
from eventlog.clock import CellClock, ClockMode, LogClock, WallClock, wall_ms
from eventlog.log import EventLog
from eventlog.metronome import Metronome, ScaledPace, WallPace, newest_tick
from eventlog.schema import migrate as migrate_log
from ingest.broker import Access, Session
from ingest.cell_time import CellTime, FollowedTime, ToldTime
from ingest.codecs import all_codecs
from ingest.codecs.native import CODEC as NATIVE
from ingest.committer import Committer, Pace
from ingest.counters import Counts
from ingest.devices import Devices
from ingest.door import Door, Limits
from ingest.door_server import Address, DoorServer
from ingest.doorkeeper import Doorkeeper
from ingest.inbox import Inbox
from ingest.letter_keeper import LetterKeeper
from ingest.letter_keeper import Limits as LetterLimits
from ingest.own_topics import OwnTopics, is_heard_elsewhere
from ingest.prepare import Preparer
from ingest.quiet import Spans
from ingest.registry import Registry, Tell
from ingest.retry import Retry
from ingest.role import Ingest, Source
from ingest.schema import migrate as migrate_ingest
from ingest.topics import SOS
from ingest.window import Window
from projections.digest import Digests, digest
from projections.judge import tables
from projections.lag import Lag, lag
from projections.rebuild import renew
from projections.runner import Projector
from projections.unit import JUDGE

log_ = logging.getLogger(__name__)

_SESSION = "session-name"


class Running(msgspec.Struct, frozen=True):
    """What `doorstep up` runs at the moment, as it stands in `run.json`; the URLs carry passwords."""

    pid: int
    database_url: str
    mqtt_url: str
    api_url: str
    processes: dict[str, int]
    listen: str = "127.0.0.1"
    phones_url: str = ""
    """How phones reach the broker, with the password that they share; empty: each has a login of its own."""

    @staticmethod
    def file(settings: Settings) -> Path:
        """Where it stands."""
        return settings.home / "run.json"

    @classmethod
    def find(cls, settings: Settings) -> Running | None:
        """What runs on this home now; None when nothing does."""
        if not FolderLock(settings.home).is_taken:
            return None
        try:
            return msgspec.json.decode(cls.file(settings).read_bytes(), type=cls)
        except FileNotFoundError:
            return None


def phones_share_a_login(settings: Settings) -> bool:
    """Whether phones may sign in at the running broker with what all know, or nothing; else each has its own login."""
    running = Running.find(settings)
    return running is None or bool(running.phones_url)


# Servers


def postgres(settings: Settings) -> EmbeddedPostgres:
    """The embedded database of this home."""
    return EmbeddedPostgres(
        settings.home / "postgres",
        settings.postgres_port,
        log=settings.home / "logs/postgres.log",
        start_timeout_s=settings.start_timeout_s,
        stop_timeout_s=settings.stop_timeout_s,
    )


def broker(settings: Settings) -> EmbeddedBroker:
    """The embedded broker of this home: open to this machine, or with users when a password is set."""
    users = [BrokerUser(OWN, settings.password)] if settings.password else []
    if settings.device_password:
        # It sends; what it may hear is what is meant for a phone, and never where the others are.
        hears = ("owntracks/+/+/cmd",)
        users.append(BrokerUser(SHARED, settings.device_password, subscribe=hears, deny=(CLOCK_ALL,)))
    tls = None
    if settings.broker_cert_file is not None:
        tls = BrokerTls(
            cert_file=settings.broker_cert_file.absolute(),
            key_file=settings.broker_key_file and settings.broker_key_file.absolute(),
            name=settings.broker_name,
            ca_file=settings.broker_ca_file and settings.broker_ca_file.absolute(),
            own_cert_file=settings.mqtt_cert_file,
            own_key_file=settings.mqtt_key_file,
        )
    return EmbeddedBroker(
        settings.home / "broker",
        settings.broker_port,
        listen=settings.listen,
        users=users,
        tls=tls,
        sync_interval=settings.sync_interval,
        max_payload=settings.max_payload,
        max_ack_pending=settings.in_flight,
        ack_wait_s=settings.ack_wait_s,
        log=settings.home / "logs/broker.log",
        start_timeout_s=settings.start_timeout_s,
        stop_timeout_s=settings.stop_timeout_s,
    )


def session_name(settings: Settings) -> str:
    """What the sessions of ingest at the embedded broker are called.

    Whoever may connect at all and knows a session's name can take it over, and with a clean session end it, with all
    that waits in it (measured, NATS 2.15). So where devices sign in, the name is as secret as a password. A home that
    has sessions under the plain name keeps it: what waits in them is not to be lost.
    """
    if settings.password is None or settings.mqtt_url is not None:
        return settings.mqtt_client_id
    if (settings.home / "broker/jetstream").exists() and not (settings.home / _SESSION).exists():
        return settings.mqtt_client_id
    return f"{settings.mqtt_client_id[:23]}-{_kept_secret(settings, _SESSION)[:16]}"


def with_running_servers(settings: Settings) -> Settings:
    """Settings whose unset URLs are those of the running `up`, if it runs."""
    running = Running.find(settings)
    if running is None:
        return settings
    return msgspec.structs.replace(
        settings,
        database_url=settings.database_url or running.database_url,
        mqtt_url=settings.mqtt_url or running.mqtt_url,
    )


@contextmanager
def with_database(settings: Settings) -> Iterator[Settings]:
    """Settings whose `database_url` answers: the one set, else that of the running `up`, else one started for now."""
    located = with_running_servers(settings)
    if located.database_url is not None:
        yield located
    else:
        with postgres(settings) as url:
            yield msgspec.structs.replace(settings, database_url=url)


# The log and its clock


def migrate(settings: Settings) -> None:
    """Create what the database lacks, and fold the log anew where an older or newer program did; running it twice
    changes nothing. Raises Unavailable."""
    url = database_url(settings)
    try:
        migrate_log(url)
        with event_log(settings) as log:
            renewed = renew(url, log, page_rows=settings.rebuild_page_rows)
        if renewed is not None:
            log_.info("folded %d entries anew in %.1f s: another program had", renewed.entries, renewed.seconds)
        migrate_ingest(url)
        migrate_api(url)
    except psycopg.OperationalError as error:
        raise Unavailable(f"the database cannot be reached: {error}") from error


@contextmanager
def event_log(settings: Settings, *, checkout_s: int = 5, read_attempts: int = 3) -> Iterator[EventLog]:
    """The log of this cell, closed at the end; the options are those of EventLog."""
    log = EventLog(
        database_url(settings),
        checkout_s=checkout_s,
        read_attempts=read_attempts,
        backoff_first_s=settings.backoff_first_s,
        backoff_max_s=settings.backoff_max_s,
    )
    try:
        yield log
    finally:
        log.close()


def cell_clock(settings: Settings, log: EventLog) -> CellClock:
    """What time it is in the cell, by the mode that is set."""
    if settings.clock_mode == ClockMode.WALL:
        newest = newest_tick(log)
        return WallClock(not_before_ms=newest.cell_ms if newest else 0)
    # Followed: before the first tick nobody has said what time it is, and a day long past may be told. Time never goes
    # back, so it must not begin at the wall's.
    followed = settings.clock_mode == ClockMode.FOLLOWED
    first_ms = Ms(0) if followed else settings.clock_start_ms or wall_ms()
    return LogClock(lambda: newest_tick(log), before_first_ms=first_ms)


def metronome(settings: Settings, log: EventLog) -> Metronome:
    """What advances the cell's time in the modes `wall` and `scaled`."""
    if settings.clock_mode == ClockMode.FOLLOWED:
        raise WrongSetting("DOORSTEP_CLOCK_MODE=followed: the time arrives on the wire, no clock is to run")
    scaled = settings.clock_mode == ClockMode.SCALED
    return Metronome(
        log,
        ScaledPace(settings.clock_start_ms or wall_ms(), settings.clock_rate) if scaled else WallPace(),
        every_ms=round(settings.tick_every_s * SECOND_MS),
        max_ticks_per_s=settings.ticks_per_s,
        backoff_first_s=settings.backoff_first_s,
        backoff_max_s=settings.backoff_max_s,
    )


# Projections


def projector(settings: Settings, log: EventLog) -> Projector:
    """What folds the log into the tables that people read."""
    return Projector(
        database_url(settings),
        log,
        page_rows=settings.page_rows,
        poll_s=settings.poll_s,
        backoff_first_s=settings.backoff_first_s,
        backoff_max_s=settings.backoff_max_s,
    )


def digests(settings: Settings) -> Digests:
    """Both digests of the live unit, as of one instant. Raises Unavailable."""
    with _snapshot(settings) as cursor:
        return digest(cursor, JUDGE, tables())


def projector_lag(settings: Settings) -> Lag:
    """How far the live unit is behind the log. Raises Unavailable."""
    with _snapshot(settings) as cursor:
        return lag(cursor, JUDGE)


# Ingest


def ingest(settings: Settings, log: EventLog) -> Ingest:
    """What brings messages from the broker into the log."""
    if settings.mqtt_url is None:
        raise WrongSetting("DOORSTEP_MQTT_URL is not set, and no `doorstep up` runs on this home")
    access = Access(
        url=settings.mqtt_url,
        client_id=settings.mqtt_client_id,
        keepalive_s=settings.mqtt_keepalive_s,
        backoff_first_s=settings.backoff_first_s,
        backoff_max_s=settings.backoff_max_s,
        ca_file=settings.mqtt_ca_file,
        cert_file=settings.mqtt_cert_file,
        key_file=settings.mqtt_key_file,
    )
    inbox, counts = Inbox(settings.mqtt_keepalive_s, most_bytes=settings.inbox_mb << 20), Counts()

    def session(
        suffix: str, filters: Sequence[str], *, urgent: bool = False, elsewhere: Callable[[str], bool] = lambda _: False
    ) -> Session:
        named = msgspec.structs.replace(access, client_id=access.client_id + suffix)
        return Session(named, inbox, filters, urgent=urgent, elsewhere=elsewhere)

    # One for each dialect: the broker grants one session no second filter that ends in /#.
    native = session("", NATIVE.filters)
    sources: list[Source] = [session("-sos", [SOS], urgent=True), native]
    for codec in all_codecs():
        if codec.filters and codec is not NATIVE:  # some dialects come over HTTP only
            sources.append(session(f"-{codec.name}", codec.filters))
    if settings.door_port:
        sources.append(_door(settings, inbox))
    own_topics = OwnTopics(database_url(settings), partial(session, elsewhere=is_heard_elsewhere))
    sources.append(own_topics)
    committer = _committer(settings, log, inbox, counts)

    def know(devices: Devices) -> None:
        committer.know(devices)
        own_topics.want(devices.own_topics)

    registry = _registry(settings, log, know)
    return Ingest(
        database_url(settings),
        inbox,
        committer,
        sources,
        counts,
        registry,
        LetterKeeper(database_url(settings), letter_limits(settings)),
        probe=native,
        probe_every_s=settings.probe_every_s,
    )


def letter_limits(settings: Settings) -> LetterLimits:
    """How many dead letters are kept, and for how long."""
    return LetterLimits(
        bytes_most=settings.dead_letters_mb << 20,
        open_days=settings.dead_letters_days,
        closed_days=settings.dead_letters_closed_days,
        warn_at=settings.dead_letters_warn_at,
    )


def _registry(settings: Settings, log: EventLog, tell: Tell) -> Registry:
    return Registry(log, database_url(settings), tell, zone=settings.zone, every_s=settings.registry_poll_s)


def _door(settings: Settings, inbox: Inbox) -> DoorServer:
    """The HTTP door, which is one more source of the inbox."""
    keeper = Doorkeeper(refusals_per_min=settings.door_refusals_per_min)
    limits = Limits(
        timeout_s=settings.door_timeout_s,
        waiting_most=settings.door_waiting_most,
        waiting_bytes=settings.door_waiting_bytes,
        body_most=settings.door_body_most,
    )
    address = Address(
        host=settings.listen,
        port=settings.door_port or 0,
        cert_file=settings.door_cert_file,
        key_file=settings.door_key_file,
        connections_most=settings.door_connections_most,
    )
    if address.cert_file is None and settings.listen not in LOOPBACK:
        log_.warning(
            "the HTTP door at %s:%d speaks no TLS: put a proxy that does in front of it", address.host, address.port
        )
    door = Door(inbox, keeper, limits)
    return DoorServer(database_url(settings), door, keeper, address, pause_s=settings.backoff_max_s)


def retry_of(settings: Settings, log: EventLog, conn: psycopg.Connection[Any]) -> Retry:
    """What reads dead letters again, beside the running ingest: it writes positions to a stream of its own."""
    committer = _committer(settings, log, Inbox(), Counts(), writer="retry")
    _registry(settings, log, committer.know).look()
    return Retry(conn, committer)


def _committer(settings: Settings, log: EventLog, inbox: Inbox, counts: Counts, *, writer: str = "main") -> Committer:
    followed = settings.clock_mode == ClockMode.FOLLOWED
    cell_time: CellTime = FollowedTime(log) if followed else ToldTime(cell_clock(settings, log))
    window = Window(settings.dedupe_rows, settings.dedupe_s, settings.in_flight)
    preparer = Preparer(
        all_codecs(),
        window,
        tolerance_ms=round(settings.future_tolerance_s * SECOND_MS),
        followed=settings.clock_mode == ClockMode.FOLLOWED,
        spans=Spans(
            beacon_ms=round(settings.quiet_beacon_s * SECOND_MS),
            contact_ms=round(settings.quiet_contact_s * SECOND_MS),
            press_ms=round(settings.quiet_press_s * SECOND_MS),
        ),
    )
    pace = Pace(
        flush_ms=settings.flush_ms,
        flush_rows=settings.flush_rows,
        backoff_first_s=settings.backoff_first_s,
        backoff_max_s=settings.backoff_max_s,
    )
    return Committer(log, inbox, preparer, window, cell_time, counts, pace=pace, writer=writer)


# API


def staff_token(settings: Settings) -> str:
    """What staff show: the one set, else the one in home/staff-token, minted where there is none."""
    return settings.staff_token if settings.staff_token is not None else _kept_secret(settings, "staff-token")


def _kept_secret(settings: Settings, name: str) -> str:
    """What stands in a file of the home that only its owner may read; minted where there is none."""
    file = settings.home / name
    settings.home.mkdir(parents=True, exist_ok=True)
    minted = file.with_name(f"{name}.{os.getpid()}")
    minted.touch(mode=0o600)
    minted.write_text(secrets.token_urlsafe(24))
    try:
        os.link(minted, file)  # whole or not at all, and the first of several wins
    except FileExistsError:
        pass
    finally:
        minted.unlink()
    return file.read_text().strip()


# A role and who started it


def announce_ready(settings: Settings) -> None:
    """Tell the supervisor, if there is one, that this role can do its work."""
    if settings.ready_file is not None:
        settings.ready_file.touch()


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM, SIGINT or SIGHUP sets; a second Ctrl-C ends the process at once. Main thread only.

    The handler itself must not set it: it may interrupt this very event while it holds its lock.
    """
    stop = threading.Event()
    wake_reader, wake_writer = os.pipe()
    interrupts = 0

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal interrupts
        interrupts += number == signal.SIGINT
        if interrupts > 1:
            os._exit(130)
        os.write(wake_writer, b"!")

    def wait() -> None:
        os.read(wake_reader, 1)
        stop.set()

    threading.Thread(target=wait, name="signals", daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, on_signal)
    return stop


@contextmanager
def _snapshot(settings: Settings) -> Iterator[psycopg.Cursor[Any]]:
    """One transaction that sees one instant of the database. A swap waits for it."""
    try:
        with psycopg.connect(database_url(settings)) as conn, conn.cursor() as cursor:
            conn.isolation_level, conn.read_only = psycopg.IsolationLevel.REPEATABLE_READ, True
            yield cursor
    except psycopg.OperationalError as error:
        raise Unavailable(f"the database cannot be reached: {error}") from error


def database_url(settings: Settings) -> str:
    """The one set, or that of the running `up`. Raises WrongSetting where there is neither."""
    if settings.database_url is None:
        raise WrongSetting("DOORSTEP_DATABASE_URL is not set, and no `doorstep up` runs on this home")
    return settings.database_url
