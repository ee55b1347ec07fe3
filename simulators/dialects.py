"""How a phone puts what it says: one class for each app. What an app has no word for it does not say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, Protocol

from simulators import owntracks_wire as owntracks
from simulators.town import UTC_OFFSET_H
from simulators.wire import Message, Position, Report, Status, encode, encode_backlog, rfc3339

_KMH = 3.6
_ALWAYS = "kCLAuthorizationStatusAuthorizedAlways"
_LOW_PCT = 20


class Fix(NamedTuple):
    """What a phone believes of where it is: degrees, metres, m/s, percent; None: it does not know."""

    at_ms: int
    lat: float
    lon: float
    accuracy_m: float
    speed_mps: float | None
    heading_deg: int | None
    battery_pct: int
    provider: Literal["gps", "network", "fused"]


class Dialect(Protocol):
    """An app's way to say things; `device` is the phone as Doorstep knows it, `connection` its MQTT client id."""

    device: str
    connection: str

    def fix(self, fix: Fix) -> Message:
        """One fix."""
        ...

    def backlog(self, fixes: list[Fix], sent_ms: int) -> Sequence[Message]:
        """Fixes that were kept while there was no network."""
        ...

    def crossing(self, fix: Fix, site: str, *, inside: bool) -> Message | None:
        """Into or out of a site, by the phone's own geofencing."""
        ...

    def report(self, report: Report) -> Message | None:
        """What its owner says with it."""
        ...

    def online(self, at_ms: int, battery_pct: int) -> Message | None:
        """What it says of itself when it is switched on."""
        ...

    def will(self, connected_ms: int) -> Message:
        """What the broker is to say when the phone is lost."""
        ...


class Native:
    """Doorstep's own app: fractions of seconds, arrays, and a word for everything."""

    def __init__(self, device: str) -> None:
        self.device = self.connection = device

    def fix(self, fix: Fix) -> Message:
        """See Dialect."""
        return encode(self.device, _position(fix))

    def backlog(self, fixes: list[Fix], sent_ms: int) -> Sequence[Message]:
        """One array."""
        return [encode_backlog(self.device, [_position(fix) for fix in fixes])]

    def crossing(self, fix: Fix, site: str, *, inside: bool) -> Message | None:
        """It has no geofencing of its own."""
        return None

    def report(self, report: Report) -> Message | None:
        """See Dialect."""
        return encode(self.device, report)

    def online(self, at_ms: int, battery_pct: int) -> Message | None:
        """See Dialect."""
        status = Status(
            time=rfc3339(at_ms, UTC_OFFSET_H), online=True, battery=battery_pct, permission="always", network="5G"
        )
        return encode(self.device, status)

    def will(self, connected_ms: int) -> Message:
        """See Dialect."""
        return native_will(self.device)


class OwnTracks:
    """The OwnTracks app: whole seconds, one message a fix, and nothing of visits, shifts or distress."""

    def __init__(self, user: str, device: str, regions_since_ms: int) -> None:
        self._user, self._device = user, device
        self._regions_since_s = regions_since_ms // 1000
        self._tid = user[-2:]
        self.device = f"{user}.{device}"
        self.connection = f"{user}-{device}"

    def fix(self, fix: Fix) -> Message:
        """See Dialect."""
        return owntracks.location(self._user, self._device, self._location(fix))

    def backlog(self, fixes: list[Fix], sent_ms: int) -> Sequence[Message]:
        """One after the other, each as it was put together at its time."""
        return list(self._kept(fixes))

    def crossing(self, fix: Fix, site: str, *, inside: bool) -> Message | None:
        """See Dialect."""
        body = owntracks.Transition(
            lat=fix.lat,
            lon=fix.lon,
            tst=fix.at_ms // 1000,
            wtst=self._regions_since_s,
            tid=self._tid,
            event="enter" if inside else "leave",
            desc=site,
            acc=round(fix.accuracy_m),
        )
        return owntracks.transition(self._user, self._device, body)

    def report(self, report: Report) -> Message | None:
        """Only where it is."""
        return None

    def online(self, at_ms: int, battery_pct: int) -> Message | None:
        """See Dialect."""
        state: dict[str, str | int] = {"locationManagerAuthorizationStatus": _ALWAYS, "deviceModel": "iPhone14,5"}
        return owntracks.status(self._user, self._device, owntracks.Status(iOS=state))

    def will(self, connected_ms: int) -> Message:
        """See Dialect."""
        return owntracks.will(self._user, self._device, connected_ms // 1000)

    def _kept(self, fixes: list[Fix]) -> Iterator[Message]:
        for fix in fixes:
            yield owntracks.location(self._user, self._device, self._location(fix, conn="o"))

    def _location(self, fix: Fix, conn: Literal["m", "o"] = "m") -> owntracks.Location:
        return owntracks.Location(
            lat=round(fix.lat, 6),
            lon=round(fix.lon, 6),
            tst=fix.at_ms // 1000,
            tid=self._tid,
            acc=round(fix.accuracy_m),
            batt=fix.battery_pct,
            bs=1 if fix.battery_pct > _LOW_PCT else 0,
            cog=fix.heading_deg,
            conn=conn,
            created_at=fix.at_ms // 1000 + 1,
            vel=-1 if fix.speed_mps is None else round(fix.speed_mps * _KMH),
        )


def native_will(device: str) -> Message:
    """A device that speaks the native format is gone."""
    return encode(device, Status(online=False))


def speaks_for(message: Message) -> str:
    """Whose connection a message belongs to, by its topic."""
    first, second, third, *_ = message.topic.split("/")
    return f"{second}-{third}" if first == "owntracks" else third


def _position(fix: Fix) -> Position:
    return Position(
        time=rfc3339(fix.at_ms, UTC_OFFSET_H),
        lat=fix.lat,
        lon=fix.lon,
        accuracy=fix.accuracy_m,
        speed=fix.speed_mps,
        heading=fix.heading_deg,
        battery=fix.battery_pct,
        provider=fix.provider,
    )
