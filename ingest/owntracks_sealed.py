"""Messages that OwnTracks' apps encrypt: a secret box of libsodium (XSalsa20-Poly1305) under a passphrase.

The passphrase in UTF-8, filled up with zeros or cut to 32 bytes, is the key; `data` is base64 of 24 bytes of nonce and
the box. Nothing in a box says when it was sealed or where it was sent: whoever could record one can send it again.
"""

from __future__ import annotations

import binascii

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from domain.errors import Unreadable


def opened(data: str, key: bytes | None) -> bytes:
    """The message in a box. Raises Unreadable: `encrypted` without a key, `wrong_key`, or `wrong_type` where the text
    is no box at all."""
    if key is None:
        raise Unreadable("the payload is encrypted, and this cell has no key for it", code="encrypted")
    try:
        sealed = binascii.a2b_base64(data.encode("ascii"))  # line breaks and all: the box proves itself
    except ValueError as error:
        raise Unreadable(f"`data` is no base64: {error}", code="wrong_type") from None
    if len(sealed) < SecretBox.NONCE_SIZE + SecretBox.MACBYTES:
        raise Unreadable(f"`data` is too short for a box: {len(sealed)} bytes", code="wrong_type")
    try:
        return SecretBox(secret_key(key)).decrypt(sealed)
    except CryptoError:
        raise Unreadable("the payload was encrypted with another key, or is damaged", code="wrong_key") from None


def secret_key(passphrase: bytes) -> bytes:
    """A passphrase as the apps make a key of it."""
    return passphrase[: SecretBox.KEY_SIZE].ljust(SecretBox.KEY_SIZE, b"\0")
