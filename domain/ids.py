"""Identity: streams by business key, facts by content.

A stream's id is uuid5 of its name in the cell's random namespace, so creating the same thing twice is
one thing, and two companies' ids never meet. A fact's id is a hash of what it says (SEMANTICS, Identity).
"""

from __future__ import annotations

import hashlib
import re
from typing import NewType
from uuid import UUID, uuid5

DeviceId = NewType("DeviceId", str)
WorkerId = NewType("WorkerId", str)
SiteId = NewType("SiteId", str)
CustomerId = NewType("CustomerId", str)
VisitId = NewType("VisitId", str)
FactId = NewType("FactId", UUID)
AlertId = NewType("AlertId", UUID)

KEY = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
"""Business keys of customers, sites, workers and visits."""

DEVICE = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""Device ids, as they stand in the topics of the native wire format."""

REGISTERED = re.compile(r"[A-Za-z0-9_.:~-]{1,128}")
"""Device ids of every dialect, as they stand in the registry. One that could be a native id is one."""


def stream_id(namespace: UUID, name: str) -> UUID:
    """The id of a stream such as `visit/v-17`."""
    return uuid5(namespace, name)


def identity(device: str, kind: str, observed_at_ms: int, content: bytes) -> bytes:
    """What a device said, as 16 bytes: blake2b(device, kind, observed_at in ms, canonical content).

    `observed_at_ms` is the device's own claim, so a fact keeps its id however late or often it arrives.
    """
    head = f"{device}\0{kind}\0{observed_at_ms}\0".encode()
    return hashlib.blake2b(head + content, digest_size=16).digest()


def fact_id(device: str, kind: str, observed_at_ms: int, content: bytes) -> FactId:
    """The same, as the id of a fact."""
    return FactId(UUID(bytes=identity(device, kind, observed_at_ms, content)))
