"""The dialects, one file each; whatever lies in this folder and has a `CODEC` is one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from functools import cache
from typing import Protocol

from domain.errors import Unreadable
from domain.time import Ms
from ingest.message import Decoded, Message


class Codec(Protocol):
    """Reads one dialect; pure."""

    @property
    def name(self) -> str:
        """The dialect's name."""

    @property
    def filters(self) -> tuple[str, ...]:
        """The MQTT topic filters that ingest subscribes to."""

    def claims(self, topic: str) -> bool:
        """Whether a topic is this dialect's."""

    def decode(self, message: Message, received_ms: Ms, tolerance_ms: int) -> Decoded:
        """What a message says. `received_ms` is the cell's time of receipt, `tolerance_ms` how far ahead of it a
        device's time is believed. Raises Unreadable where nothing at all can be read."""


@cache
def all_codecs() -> tuple[Codec, ...]:
    """Every dialect, by its name."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    codecs: list[Codec] = [module.CODEC for module in modules if hasattr(module, "CODEC")]
    return tuple(sorted(codecs, key=lambda codec: codec.name))


def codec_of(topic: str, codecs: Sequence[Codec] | None = None) -> Codec:
    """The dialect of a topic. Raises Unreadable (`unknown_topic`)."""
    for codec in all_codecs() if codecs is None else codecs:
        if codec.claims(topic):
            return codec
    raise Unreadable(f"no dialect knows the topic {topic[:200]!r}", code="unknown_topic")
