"""Every setting of Doorstep in one frozen object; the only reader of the environment.

A field `flush_ms` is set by the variable `DOORSTEP_FLUSH_MS`. Roles started by `doorstep up` receive the resolved
settings the same way, so a role run by hand and a role run by the supervisor are configured alike.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from domain.errors import Permanent
from domain.time import Ms, from_datetime
from eventlog.clock import ClockMode

PREFIX = "DOORSTEP_"
TEST_PREFIX = "DOORSTEP_TEST_"  # read by the test suite, no settings of the product
LOOPBACK = ("127.0.0.1", "::1", "localhost")

Port = Annotated[int, Meta(ge=1, le=65535)]
Seconds = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]


class WrongSetting(Permanent):
    """A setting that cannot be used; the message names the variable."""

    code = "wrong_setting"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings with their defaults. Build with `Settings.read()`; raises WrongSetting."""

    # Where things are
    home: Annotated[Path, Meta(description="folder of the embedded servers, secrets, logs and run.json")] = Path(
        ".doorstep"
    )
    data: Annotated[Path, Meta(description="folder of real recordings for replay and evaluation")] = Path(
        "../shared/data"
    )
    database_url: Annotated[
        str | None, Meta(description="postgresql://… of an own server; unset: the embedded one")
    ] = None
    mqtt_url: Annotated[
        str | None, Meta(description="mqtt://user:password@host:port or mqtts://…; unset: the embedded broker")
    ] = None

    # Doors to the outside
    listen: Annotated[
        str, Meta(description="address of the API and of the embedded broker; beyond loopback a password is demanded")
    ] = "127.0.0.1"
    password: Annotated[
        Annotated[str, Meta(min_length=8)] | None,
        Meta(description="password of the embedded broker's user `doorstep`, who may do everything"),
    ] = None
    device_password: Annotated[
        Annotated[str, Meta(min_length=8)] | None,
        Meta(
            description="password of the embedded broker's user `device`, whom devices may share and who may send for "
            "each of them; unset: there is no such user, and each device has a login of its own"
        ),
    ] = None
    api_port: Annotated[Port, Meta(description="first choice; a free port where it is taken")] = 8080
    postgres_port: Annotated[Port, Meta(description="first choice; a free port where it is taken")] = 54320
    broker_port: Annotated[Port, Meta(description="first choice; a free port where it is taken")] = 1883
    public_url: Annotated[
        str | None, Meta(description="how customers reach the API, for the links; unset: the API's own address")
    ] = None

    # The HTTP door for phones
    door_port: Annotated[
        Annotated[int, Meta(ge=0, le=65_535)] | None,
        Meta(
            description="the HTTP door of ingest, for phones without MQTT; unset: `up` and `demo` open it at 5055 or a "
            "free port, a single role does not; 0: nobody does"
        ),
    ] = None
    door_url: Annotated[
        str | None,
        Meta(
            description="how phones reach the HTTP door, for invites, e.g. https://phones.example.com; unset: guessed"
        ),
    ] = None
    phones_mqtt_url: Annotated[
        str | None,
        Meta(
            description="how phones reach the broker, for invites, e.g. mqtts://mqtt.example.com:8883; unset: guessed"
        ),
    ] = None
    door_cert_file: Annotated[
        Path | None,
        Meta(description="the door's certificate: it speaks https; unset: http, for a proxy in front of it"),
    ] = None
    door_key_file: Annotated[
        Path | None, Meta(description="the certificate's key, where it lies in a file of its own")
    ] = None
    door_timeout_s: Annotated[
        Seconds, Meta(description="what is not committed in this is answered 503; phones themselves wait about 10 s")
    ] = 8.0
    door_waiting_most: Annotated[
        Count, Meta(description="messages that wait for their commit; further ones are answered 503 at once")
    ] = 2_000
    door_waiting_bytes: Annotated[Count, Meta(description="the same in bytes of their bodies")] = 64_000_000
    door_body_most: Annotated[
        Count, Meta(description="largest body in bytes; a phone's own are below 2 000, a batch of a day's below this")
    ] = 1_000_000
    door_connections_most: Annotated[Count, Meta(description="most connections at once")] = 10_000
    door_refusals_per_min: Annotated[
        Count, Meta(description="wrong logins from one address after which unknown ones are answered 429 for a minute")
    ] = 60

    # The cell's clock (DESIGN, principle 3)
    clock_mode: Annotated[ClockMode, Meta(description="who tells the cell's time")] = ClockMode.WALL
    clock_start: Annotated[
        Annotated[datetime, Meta(tz=True)] | None,
        Meta(description="scaled: the first instant, RFC 3339; unset: the wall's"),
    ] = None
    clock_rate: Annotated[float, Meta(gt=0, le=100_000, description="scaled: cell seconds per wall second")] = 1.0
    tick_every_s: Annotated[Seconds, Meta(description="cell time between two TimeAdvanced")] = 5.0
    ticks_per_s: Annotated[Seconds, Meta(description="most TimeAdvanced per wall second")] = 10.0

    # Embedded broker
    sync_interval: Annotated[
        str,
        Meta(
            pattern=r"^(always|\d+(ms|s|m))$",
            description="when the broker syncs to disk; `always` survives power loss, `100ms` is six times faster",
        ),
    ] = "always"
    max_payload: Annotated[
        str, Meta(pattern=r"^\d+(KB|MB)?$", description="largest MQTT message; larger ones cut the connection")
    ] = "16MB"
    ack_wait_s: Annotated[
        Seconds, Meta(description="the broker redelivers what was not acknowledged for this long")
    ] = 10.0
    broker_cert_file: Annotated[
        Path | None, Meta(description="its certificate with the whole chain: it speaks nothing but TLS; unset: no TLS")
    ] = None
    broker_key_file: Annotated[
        Path | None, Meta(description="the certificate's key, where it lies in a file of its own")
    ] = None
    broker_name: Annotated[
        str | None,
        Meta(description="the name in its certificate, by which the roles reach it; unset: it names 127.0.0.1"),
    ] = None
    broker_ca_file: Annotated[
        Path | None,
        Meta(description="ask each client for a certificate that this authority signed, besides its password"),
    ] = None
    logins_poll_s: Annotated[
        Seconds, Meta(description="a login that is minted or revoked counts at the embedded broker within about this")
    ] = 2.0

    # Ingest
    in_flight: Annotated[
        int, Meta(ge=1, lt=65_535, description="unacknowledged messages; below 65 535, or packet ids are reused")
    ] = 20_000
    flush_ms: Annotated[
        Count, Meta(description="longest wait of a fact for its commit; a longer one makes fewer and cheaper commits")
    ] = 20
    flush_rows: Annotated[Count, Meta(description="messages that end a batch early")] = 2_000
    inbox_mb: Annotated[
        Count,
        Meta(
            description="MiB of messages held unacknowledged, beyond which ingest reads no more until the database "
            "has caught up; the broker keeps the rest"
        ),
    ] = 256
    probe_every_s: Annotated[
        Seconds, Meta(description="how often the broker is asked to store something, to see whether it still does")
    ] = 5.0
    registry_poll_s: Annotated[Seconds, Meta(description="what the registry says of a device holds within this")] = 2.0
    mqtt_client_id: Annotated[
        str, Meta(pattern=r"^[A-Za-z0-9_-]{1,40}$", description="name of the persistent session of ingest")
    ] = "doorstep-ingest"
    mqtt_ca_file: Annotated[
        Path | None, Meta(description="mqtts: authorities trusted for the broker; unset: the system's")
    ] = None
    mqtt_cert_file: Annotated[
        Path | None, Meta(description="mqtts: our certificate, where the broker asks for one")
    ] = None
    mqtt_key_file: Annotated[Path | None, Meta(description="mqtts: its key, where it lies in a file of its own")] = None
    mqtt_keepalive_s: Annotated[int, Meta(ge=5, le=65_535, description="silence after which a session is lost")] = 30
    dedupe_rows: Annotated[Count, Meta(description="recent fact_ids kept; at least twice in_flight")] = 200_000
    dedupe_s: Annotated[Seconds, Meta(description="recent fact_ids kept at least this long")] = 3_600.0
    future_tolerance_s: Annotated[Seconds, Meta(description="how far ahead of receipt a device's time is believed")] = (
        120.0
    )

    quiet_beacon_s: Annotated[
        float, Meta(ge=0, description="a beacon that a gateway hears again within this is no news")
    ] = 60.0
    quiet_contact_s: Annotated[
        float, Meta(ge=0, description="a contact without a clock that says the same again within this is no news")
    ] = 60.0
    quiet_press_s: Annotated[
        float, Meta(ge=0, description="a numbered packet of a button that comes again within this is the same press")
    ] = 2.0

    # Dead letters
    dead_letters_mb: Annotated[
        Count, Meta(description="MiB of messages that could not be read; beyond it the oldest are given up")
    ] = 1_024
    dead_letters_days: Annotated[float, Meta(gt=0, description="how long one is kept for a person to look at it")] = (
        90.0
    )
    dead_letters_closed_days: Annotated[
        float, Meta(gt=0, description="how long one stays listed after it was read, dropped or given up")
    ] = 30.0
    dead_letters_warn_at: Annotated[
        float, Meta(gt=0, le=1, description="share of either limit from which on a warning stands")
    ] = 0.8
    dead_letters_retry_s: Annotated[
        Seconds, Meta(description="how long one request of the console may read letters again; the rest is left")
    ] = 20.0

    # Folding
    page_rows: Annotated[Count, Meta(description="log rows folded per transaction")] = 1_000
    rebuild_page_rows: Annotated[Count, Meta(description="log rows per transaction of a rebuild")] = 10_000
    horizon_days: Annotated[Count, Meta(description="how old a late fact may be and still be judged")] = 35
    business_day_hour: Annotated[int, Meta(ge=0, le=23, description="local hour at which a business day begins")] = 4
    zone: Annotated[str, Meta(description="IANA zone of sites that state none")] = "Asia/Shanghai"

    # Waiting and trying again
    poll_s: Annotated[Seconds, Meta(description="readers of the log look again after this, notified or not")] = 1.0
    backoff_first_s: Annotated[Seconds, Meta(description="first pause before trying again; it doubles")] = 0.2
    backoff_max_s: Annotated[Seconds, Meta(description="longest pause before trying again")] = 10.0
    start_timeout_s: Annotated[Seconds, Meta(description="a role or server must be ready within this")] = 60.0
    stop_timeout_s: Annotated[Seconds, Meta(description="a role or server is killed when it has not ended in this")] = (
        15.0
    )

    # API and pages
    staff_token: Annotated[
        Annotated[str, Meta(min_length=16)] | None,
        Meta(description="what staff show to the API; unset: minted at the first start, kept in home/staff-token"),
    ] = None
    link_valid_h: Annotated[Count, Meta(description="how long a customer's link works")] = 72
    near_other_site_m: Annotated[
        float, Meta(ge=0, description="a customer sees no position this near another customer's site")
    ] = 300.0
    stale_after_s: Annotated[Seconds, Meta(description="cell time without a fix after which a page says so")] = 120.0
    clock_off_s: Annotated[
        Seconds, Meta(description="from how much on a device's clock is said to be wrong; phones are within 5 s")
    ] = 30.0
    api_connections: Annotated[Count, Meta(description="most database connections of the API's reads")] = 8
    query_timeout_s: Annotated[Seconds, Meta(description="a read that takes longer is given up")] = 10.0
    checkout_s: Annotated[Seconds, Meta(description="longest wait of a request for a database connection")] = 2.0
    min_position_wait_s: Annotated[
        Seconds, Meta(description="how long a read waits for the projection to reach its `min_position`")
    ] = 5.0
    body_most: Annotated[Count, Meta(description="largest body of a request in bytes")] = 16_000_000
    plan_lines: Annotated[Count, Meta(description="most lines of one call to /v1/plan; they are one transaction")] = (
        5_000
    )
    track_points: Annotated[Count, Meta(description="most points of one answer with a track")] = 20_000
    answers_kept_h: Annotated[Count, Meta(description="how long an Idempotency-Key is remembered")] = 24
    ready_behind: Annotated[
        Count, Meta(description="log entries that the projections may lag behind before /readyz says no")
    ] = 10_000
    stream_heartbeat_s: Annotated[Seconds, Meta(description="server-sent events: silence is never longer")] = 10.0
    stream_gap_ms: Annotated[
        int, Meta(ge=0, description="server-sent events: least time between two looks; changes within it are one")
    ] = 100
    staff_gap_ms: Annotated[
        int, Meta(ge=0, description="the staff's stream: least time between two looks; changes within it are one")
    ] = 500
    stream_recheck_s: Annotated[
        Seconds, Meta(description="server-sent events: how often it is asked whether a visit on the way went stale")
    ] = 1.0
    stream_send_s: Annotated[Seconds, Meta(description="server-sent events: a client that takes longer is cut off")] = (
        30.0
    )
    stream_ring: Annotated[
        Count, Meta(description="server-sent events: newest frames kept of visits nobody watches, for resuming")
    ] = 256
    streams_most: Annotated[Count, Meta(description="server-sent events: most streams at once")] = 10_000
    base_map: Annotated[Literal["pmtiles", "raster", "none"], Meta(description="what lies below the markers")] = "none"
    base_map_url: Annotated[str | None, Meta(description="raster: https://…/{z}/{x}/{y}.png; pmtiles: its file")] = None
    base_map_attribution: Annotated[
        str | None, Meta(description="whom the pages name for the base map, e.g. © OpenStreetMap contributors")
    ] = None

    # Between the supervisor and a role
    ready_file: Annotated[Path | None, Meta(description="a role creates this file once it can do its work")] = None

    # Testing
    require_browser: Annotated[bool, Meta(description="a browser test that cannot run fails instead of skipping")] = (
        False
    )
    require_mosquitto: Annotated[
        bool, Meta(description="a test with Mosquitto that cannot run fails instead of skipping")
    ] = False

    @classmethod
    def read(cls, changes: Mapping[str, Any] | None = None, *, environ: Mapping[str, str] | None = None) -> Settings:
        """Settings from DOORSTEP_* variables (an empty one counts as unset), then the `changes` that are not None."""
        environ = os.environ if environ is None else environ
        known = {PREFIX + field.name.upper(): field for field in msgspec.structs.fields(cls)}
        values: dict[str, Any] = {}
        for variable, text in sorted(environ.items()):
            if not variable.startswith(PREFIX) or variable.startswith(TEST_PREFIX):
                continue
            if variable not in known:
                near = difflib.get_close_matches(variable, known, n=1)
                raise WrongSetting(f"{variable} is no setting" + (f"; did you mean {near[0]}?" if near else ""))
            if text == "":
                continue
            try:
                values[known[variable].name] = msgspec.convert(
                    text, known[variable].type, strict=False, dec_hook=_decode
                )
            except msgspec.ValidationError as error:
                raise WrongSetting(f"{variable}: {error}") from None
        values |= {name: value for name, value in (changes or {}).items() if value is not None}
        settings = cls(**values)
        settings.check()
        return settings

    def check(self) -> None:
        """What one field alone cannot say. Raises WrongSetting."""
        if self.listen not in LOOPBACK and self.mqtt_url is None and not self.password:
            raise WrongSetting(f"DOORSTEP_LISTEN={self.listen} opens the broker: set DOORSTEP_PASSWORD")
        if self.device_password and not self.password:
            raise WrongSetting("DOORSTEP_DEVICE_PASSWORD needs DOORSTEP_PASSWORD")
        for needed, given in (("key", self.broker_key_file), ("ca", self.broker_ca_file)):
            if given is not None and self.broker_cert_file is None:
                raise WrongSetting(f"DOORSTEP_BROKER_{needed.upper()}_FILE needs DOORSTEP_BROKER_CERT_FILE")
        if self.broker_ca_file is not None and self.mqtt_url is None and self.mqtt_cert_file is None:
            raise WrongSetting("DOORSTEP_BROKER_CA_FILE asks us for a certificate too: set DOORSTEP_MQTT_CERT_FILE")
        if self.clock_mode != ClockMode.SCALED and (self.clock_start is not None or self.clock_rate != 1.0):
            raise WrongSetting("DOORSTEP_CLOCK_START and DOORSTEP_CLOCK_RATE need DOORSTEP_CLOCK_MODE=scaled")
        if self.dedupe_rows < 2 * self.in_flight:
            raise WrongSetting("DOORSTEP_DEDUPE_ROWS must be at least twice DOORSTEP_IN_FLIGHT")
        if self.backoff_first_s > self.backoff_max_s:
            raise WrongSetting("DOORSTEP_BACKOFF_FIRST_S is longer than DOORSTEP_BACKOFF_MAX_S")
        if self.base_map == "raster" and not self.base_map_url:
            raise WrongSetting("DOORSTEP_BASE_MAP=raster needs DOORSTEP_BASE_MAP_URL")
        _check_url("DOORSTEP_DATABASE_URL", self.database_url, ("postgresql", "postgres"))
        _check_url("DOORSTEP_MQTT_URL", self.mqtt_url, ("mqtt", "mqtts"))
        _check_url("DOORSTEP_PHONES_MQTT_URL", self.phones_mqtt_url, ("mqtt", "mqtts"))
        _check_url("DOORSTEP_DOOR_URL", self.door_url, ("http", "https"))
        if self.door_key_file is not None and self.door_cert_file is None:
            raise WrongSetting("DOORSTEP_DOOR_KEY_FILE needs DOORSTEP_DOOR_CERT_FILE")
        _check_url("DOORSTEP_PUBLIC_URL", self.public_url, ("http", "https"))

    def to_environ(self) -> dict[str, str]:
        """The variables that make `read` return these settings again; defaults are left out."""
        variables = {}
        for field in msgspec.structs.fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                variables[PREFIX + field.name.upper()] = "" if value is None else _encode(value)
        return variables

    @property
    def clock_start_ms(self) -> Ms | None:
        """`clock_start` in epoch milliseconds."""
        return None if self.clock_start is None else from_datetime(self.clock_start)


def inherited_environ() -> dict[str, str]:
    """The process's environment without settings: what a child gets besides `Settings.to_environ()`."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


def _decode(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value).expanduser()
    raise NotImplementedError(kind)


def _encode(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else str(value)


def _check_url(variable: str, url: str | None, schemes: tuple[str, ...]) -> None:
    if url is None:
        return
    parts = urlsplit(url)
    if parts.scheme not in schemes:
        raise WrongSetting(f"{variable} must begin with {schemes[0]}://")
    try:
        parts.port  # noqa: B018 - reading it is the check
    except ValueError as error:
        raise WrongSetting(f"{variable}: {error}") from None
