"""What fuzzing begins with: captured payloads of every dialect on topics of theirs, and registries that say things."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from domain.device_settings import DeviceSettings
from domain.time import Ms
from ingest.codecs import Codec, all_codecs
from ingest.devices import UNREGISTERED, Devices
from ingest.message import Message
from ingest.reading import Receipt

CAPTURED = Path(__file__).parents[1] / "unit/ingest/codecs"
FAILED = Path(__file__).parent / "failed"
"""Inputs that once broke something; `fuzz` begins with them."""
NOW_MS = Ms(1_795_222_923_456)

TAILS: dict[str, tuple[str, ...]] = {
    "chirpstack": ("up", "location", "status", "join"),
    "meshtastic": ("EU_868/2/json/LongFast/!7efeee00", "EU_868/DE/2/json/mqtt/!7efeee00", "EU_868/2/e/LongFast/!7efe"),
    "native": (
        *("dev-1/position", "dev-1/checkin", "dev-1/checkout", "dev-1/checklist", "dev-1/scan", "dev-1/contact"),
        *("dev-1/button", "dev-1/sos", "dev-1/shift", "dev-1/delay", "dev-1/no_access", "dev-1/outing", "dev-1/status"),
        *("_clock/time", "前门/position"),
    ),
    "osmand": ("dev-1", "dev-1/more", "", "前 门"),
    "owntracks": ("jane/iphone", "jane/iphone/event", "jane/iphone/status", "jane/iphone/waypoint", "何/手 机"),
    "shelly": ("",),
    "theengs": ("6087574C9BC2", "3C2EF5A1B2C3", "undecoded"),
    "traccar": ("dev-1", "positions", "events", "dev-1/position"),
    "ttn": ("up", "join", "location/solved", "down/ack"),
    "zigbee2mqtt": ("front door", "前门 1", "front door/availability", "bridge/state", "hall/button/action"),
}
NATIVE = (
    {"time": 1795222923.5, "lat": 31.23, "lon": 121.47, "accuracy": 12, "speed": 4.2, "heading": 271, "battery": 93},
    {
        "time": "2026-11-21T09:02:03+08:00",
        "sent": 1795222924,
        "lat": 31.23,
        "lon": 121.47,
        "crs": "gcj02",
        "mock": True,
    },
    [{"time": 1795222923, "lat": 31.23, "lon": 121.47, "id": "7"}, {"time": 1795222933, "lat": 31.24, "lon": 121.47}],
    {"time": 1795222923, "method": "nfc", "visit": "v-1", "tag": "04:A1:5C:22", "code": "2292", "worker": "w-1"},
    {"time": 1795222923, "visit": "v-1", "item": "买菜", "done": True},
    {"time": 1795222923, "open": True},
    {"time": 1795222923, "press": "double"},
    {"time": 1795222923, "note": "老人摔倒", "lat": 31.23, "lon": 121.47},
    {"time": 1795222923, "on": True, "visit": "v-1", "reason": "敲门无人应答"},
    {"online": True, "battery": 95, "permission": "always", "network": "5G"},
    {"time": 1795222923},
)
NAMES = ("dev-1", "app@tenant", "a84041dd21834b1e")


class Input(NamedTuple):
    """What one run is given."""

    codec: int
    registry: int
    flags: int
    topic: str
    payload: bytes

    def packed(self) -> bytes:
        """As bytes that a fuzzer may change anywhere."""
        topic = self.topic.encode()[:255]
        return bytes((self.codec, self.registry, self.flags, len(topic))) + topic + self.payload

    @classmethod
    def of(cls, data: bytes) -> Input:
        """From any bytes."""
        codec, registry, flags, size = data[:4].ljust(4, b"\0")
        topic = data[4 : 4 + size].decode(errors="replace").replace("\0", "")
        return cls(codec, registry, flags, topic, data[4 + size :])

    @property
    def named(self) -> Codec:
        """The codec."""
        codecs = all_codecs()
        return codecs[self.codec % len(codecs)]

    @property
    def message(self) -> Message:
        """As ingest would have it."""
        return Message(self.topic, self.payload, retained=self.flags & 3 == 3, dup=bool(self.flags & 4))

    @property
    def receipt(self) -> Receipt:
        """With one of the registries."""
        return Receipt(NOW_MS, 120_000, REGISTRIES[self.registry % len(REGISTRIES)])


class Everybody(Devices):
    """A registry that says the same of every device."""

    def __init__(self, said: DeviceSettings, key: bytes | None = None, zone: str = "Asia/Shanghai") -> None:
        super().__init__(zone=zone)
        self._said, self._key = said, key

    def of(self, device: str) -> DeviceSettings:
        """See Devices."""
        return self._said

    def zone_of(self, device: str) -> str:
        """See Devices."""
        return self._said.zone or self._zone

    def key_of(self, device: str) -> bytes | None:
        """See Devices."""
        return self._key


def _models() -> Iterator[str]:
    """The trackers that have a field map."""
    for file in sorted((Path(__file__).parents[2] / "ingest/models").glob("*.json")):
        told: Any = json.loads(file.read_bytes())
        yield file.stem
        if isinstance(told, Mapping):
            yield from (name for name, said in told.items() if isinstance(said, Mapping))


_FIELDS = {"lat": "a.0.b", "lon": "lon", "battery_pct": "BatV", "sos": "ALARM_status", "time": "x.time", "open": "door"}

REGISTRIES: tuple[Devices, ...] = (
    UNREGISTERED,
    UNREGISTERED,
    Everybody(DeviceSettings(zone="Asia/Shanghai")),
    Everybody(DeviceSettings(zone="America/Los_Angeles", crs="gcj02"), b"k" * 32),
    Everybody(DeviceSettings(crs="bd09"), b"short"),
    Everybody(DeviceSettings(zone="Europe/London", crs="wgs84"), b""),
    Everybody(DeviceSettings(fields=_FIELDS)),
    *(Everybody(DeviceSettings(model=model)) for model in _models()),
    Everybody(DeviceSettings(model="no such model")),
)


def seeds() -> list[Input]:
    """Every captured payload on every topic of its dialect; files that are nobody's go to all dialects."""
    codecs = all_codecs()
    found: list[Input] = []
    for stem, payload, topic in _captured():
        mine = [n for n, codec in enumerate(codecs) if codec.name == stem] or list(range(len(codecs)))
        for number in mine:
            topics = [topic] if topic else [t for t in _topics(codecs[number]) if codecs[number].claims(t)]
            found += [Input(number, turn % len(REGISTRIES), 0, each, payload) for turn, each in enumerate(topics)]
    for number, codec in enumerate(codecs):
        found += [Input(number, 0, 0, topic, b"") for topic in _topics(codec)]
    return found


def failed() -> list[Input]:
    """What once broke something."""
    return [Input.of(file.read_bytes()) for file in sorted(FAILED.glob("*.bin"))]


def _captured() -> Iterator[tuple[str, bytes, str | None]]:
    for file in sorted([*CAPTURED.glob("captured_*.json"), *CAPTURED.glob("captured/*.json")]):
        told = json.loads(file.read_bytes())
        for said in told.values() if isinstance(told, dict) else told:
            topic = said.get("topic") if isinstance(said, dict) and "payload" in said else None
            body = said["payload"] if topic is not None else said
            yield file.stem.removeprefix("captured_"), as_bytes(body), topic if isinstance(topic, str) else None
    for body in NATIVE:
        yield "native", as_bytes(body), None
    for file in sorted(CAPTURED.glob("captured/*")):
        if file.suffix in (".txt", ".bin", ".query", ".form"):
            yield file.stem, file.read_bytes(), None


def as_bytes(body: Any) -> bytes:
    """A payload as it goes over the wire."""
    return body.encode() if isinstance(body, str) else json.dumps(body, ensure_ascii=False).encode()


def _topics(codec: Codec) -> Iterator[str]:
    """Topics that its filters let through, and some."""
    for topic_filter in codec.filters:
        for number, _ in enumerate(NAMES):
            base = topic_filter
            for turn in range(base.count("+")):
                last = base.count("+") == 1 and topic_filter.endswith("/+") and codec.name in TAILS
                base = base if last else base.replace("+", NAMES[(number + turn) % len(NAMES)], 1)
            if base.endswith(("/+", "/#")):
                yield from (base[:-1] + tail for tail in TAILS.get(codec.name, ("x", "x/y")))
            else:
                yield base
