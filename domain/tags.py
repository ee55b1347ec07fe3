"""Tags and beacons under one name each, however a reader spells them.

Every reader has its own spelling of the same serial number (`74-10-37-94`, `0x74103794`, `74 10 37 94`), and a binding
holds for all of them. A tag that is no serial number, a QR code or a text record, is what it says.
"""

from __future__ import annotations

import hashlib
import re

from domain.errors import Unreadable
from domain.ids import REGISTERED
from domain.names import plain

_BYTE = r"(?:0[xX])?[0-9A-Fa-f]{2}"

_UID = re.compile(
    rf"(?:0[xX])?(?:[0-9A-Fa-f]{{2}}){{4,32}}|{_BYTE}([:. -])(?:{_BYTE}\1){{2,30}}{_BYTE}",
)
"""4 bytes (MIFARE Classic, EM4100) to 32 (the longest EPCs), as one number or byte by byte with one separator. Anything
shorter is more likely a word: `cafe`, `be-12`."""

_MARKS = re.compile(r"0[xX]|[:. -]")

_HEX_32 = re.compile(r"[0-9a-f]{32}")
_HEX_12 = re.compile(r"[0-9A-F]{12}")


def normal_uid(text: str) -> str:
    """A serial number as upper-case hex without separators, whoever read it; any other text trimmed, as it is.

    The order of its bytes, and a number in decimal, stay as they are: nothing in them tells what was meant.
    """
    trimmed = text.strip()
    return _MARKS.sub("", trimmed).upper() if _UID.fullmatch(trimmed) else trimmed


def tag_id(text: str) -> str:
    """The id of a tag in the registry, from any spelling: `tag:74103794`. In a text that is no serial number each byte
    outside [A-Za-z0-9_-] is written ~hh; one too long for an id ends in a digest of the whole."""
    uid = normal_uid(text)
    named = f"tag:{plain(uid)}"
    if REGISTERED.fullmatch(named):
        return named
    digest = hashlib.blake2b(uid.encode(errors="surrogatepass"), digest_size=16).hexdigest()
    return f"{named[:88]}~~{digest}"


def beacon_id(uuid: str, major: int, minor: int) -> str:
    """The id of an iBeacon, which keeps its UUID and numbers while its address changes:
    `beacon:1de4b189115e45f6b44e509352269977:0:7`. Raises Unreadable."""
    digits = re.sub(r"[-: ]|^0[xX]", "", uuid.strip()).lower()
    if not _HEX_32.fullmatch(digits):
        raise Unreadable(f"{uuid[:200]!r} is no UUID of a beacon", code="wrong_type")
    if not (0 <= major <= 0xFFFF and 0 <= minor <= 0xFFFF):
        raise Unreadable(f"major {major} and minor {minor} are each 0 to 65535", code="out_of_range")
    return f"beacon:{digits}:{major}:{minor}"


def ble_id(mac: str) -> str:
    """The id of anything else that is heard by Bluetooth: `ble:A4C1387FC1E1`. Raises Unreadable."""
    digits = re.sub(r"[-:. ]|^0[xX]", "", mac.strip()).upper()
    if not _HEX_12.fullmatch(digits):
        raise Unreadable(f"{mac[:200]!r} is no Bluetooth address", code="wrong_type")
    return f"ble:{digits}"
