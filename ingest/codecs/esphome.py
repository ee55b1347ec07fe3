"""ESPHome's tag readers, as its documentation has them publish: the tag alone, as text, at `esphome/<device>/tag`, and
what was taken away at `…/tag_removed`.

Anywhere else the registry says the topic: for `pn532/tag` it is `pn532` or `pn532/tag` itself. ESPHome has no clock on
the wire and retains what it publishes unless told otherwise, so a retained tag is an old one.
"""

from __future__ import annotations

from functools import lru_cache

from domain.errors import Unreadable
from domain.ids import REGISTERED
from domain.names import plain, spelt
from ingest.facts import fact_of
from ingest.message import NOTHING, Decoded, Message
from ingest.plain_text import tag_of, text_of, will
from ingest.reading import Receipt

BASE = "esphome/"
PREFIX = "esphome:"
_KINDS = ("tag", "tag_removed", "status")


class EspHome:
    """See `ingest.codecs.Codec`."""

    name = "esphome"
    filters = ("esphome/+/tag", "esphome/+/tag_removed", "esphome/+/status")

    def claims(self, topic: str) -> bool:
        """See Codec."""
        return topic.startswith(BASE)

    def topic_of(self, device: str) -> str | None:
        """See Codec."""
        name = spelt(device.removeprefix(PREFIX))
        return f"{BASE}{name}" if device.startswith(PREFIX) and name and "/" not in name else None

    def decode(self, message: Message, receipt: Receipt) -> Decoded:
        """See Codec. A tag that is taken away says nothing about who is there: the reader says it of itself."""
        device, kind = device_of(message.topic)
        if not message.payload:
            return NOTHING  # what clears a retained message (MQTT 3.1.1, section 3.3.1.3)
        if kind == "status":
            return will(device, message, receipt)
        if message.retained:
            return NOTHING
        tag = tag_of(text_of(message.payload))
        if kind == "tag":
            return Decoded(facts=(fact_of("scan", device, None, receipt, tag=tag),))
        return Decoded(facts=(fact_of("status", device, None, receipt, extras={"removed": tag}),))


CODEC = EspHome()


@lru_cache(maxsize=65_536)
def device_of(topic: str) -> tuple[str, str]:
    """The device of `esphome/<device>/…/<kind>` and the kind; the topic itself is that of tags. Raises Unreadable
    (`unknown_topic`)."""
    name, _, rest = topic.removeprefix(BASE).partition("/")
    kind = rest.rpartition("/")[2] if rest else "tag"
    device = f"{PREFIX}{plain(name)}"
    if not (topic.startswith(BASE) and name and kind in _KINDS and REGISTERED.fullmatch(device)):
        raise Unreadable(f"{topic[:200]!r} is no topic of an ESPHome reader", code="unknown_topic")
    return device, kind
