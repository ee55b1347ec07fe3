"""Home Assistant's MQTT tag scanners: `<scanner>/tag_scanned`, as the tag integration's documentation shows it.

The payload is whatever the scanner's value template picks a tag from: the message of a Tasmota reader, the tag alone as
text, or an object that names it. `<scanner>` is one or two parts of a topic; elsewhere the registry says the topic.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from domain.errors import Unreadable
from domain.events.facts import Fact
from domain.ids import REGISTERED
from domain.names import plain, spelt
from domain.time import Ms
from ingest.canonical import unknown_fields
from ingest.codecs.shelly import OTHERS
from ingest.codecs.tasmota import seen, time_of
from ingest.elements import told
from ingest.facts import fact_of
from ingest.message import NOTHING, Decoded, Message
from ingest.plain_text import tag_of, text_of
from ingest.reading import Receipt, json_of

PREFIX = "homeassistant:"
SUFFIX = "/tag_scanned"

_NAMED = ("tag_id", "tag", "uid", "UID")
"""Under which names an object gives the tag."""


class HomeAssistant:
    """See `ingest.codecs.Codec`."""

    name = "homeassistant"
    filters = ("+/tag_scanned", "+/+/tag_scanned")

    def claims(self, topic: str) -> bool:
        """See Codec."""
        return topic.endswith(SUFFIX) and topic.partition("/")[0] not in OTHERS - {"home"}

    def topic_of(self, device: str) -> str | None:
        """See Codec."""
        scanner = spelt(device.removeprefix(PREFIX))
        return scanner if device.startswith(PREFIX) and scanner and scanner.partition("/")[0] not in OTHERS else None

    def decode(self, message: Message, receipt: Receipt) -> Decoded:
        """See Codec. A retained scan is no fact."""
        device = device_of(message.topic)
        if message.retained or not message.payload:
            return NOTHING
        # A bare serial number may look like a number, even one too large (12E34567): it is text.
        is_json = message.payload.lstrip()[:1] in (b"{", b'"')
        said = json_of(message.payload) if is_json else text_of(message.payload)
        if not isinstance(said, dict):
            return Decoded(facts=(fact_of("scan", device, None, receipt, tag=tag_of(said)),))
        at_ms = time_of(said, receipt.devices.zone_of(device))
        for name in _NAMED:
            if name in said:
                return Decoded(facts=(_scan(device, name, said, at_ms, receipt),))
        scans = told(said.items(), lambda part: seen(device, *part, at_ms, receipt))
        if not scans.facts:
            raise Unreadable("the message names no tag", code="missing_field")
        return scans


CODEC = HomeAssistant()


@lru_cache(maxsize=65_536)
def device_of(topic: str) -> str:
    """The scanner of `<scanner>/tag_scanned`, or of the scanner's own topic. Raises Unreadable (`unknown_topic`)."""
    device = f"{PREFIX}{plain(topic.removesuffix(SUFFIX))}"
    if device == PREFIX or not REGISTERED.fullmatch(device):
        raise Unreadable(f"{topic[:200]!r} is no topic of a tag scanner", code="unknown_topic")
    return device


def _scan(device: str, name: str, said: dict[str, Any], at_ms: Ms | None, receipt: Receipt) -> Fact:
    extras = unknown_fields(said, frozenset((name, "Time", "Epoch")))
    return fact_of("scan", device, at_ms, receipt, tag=tag_of(said[name]), extras=extras)
