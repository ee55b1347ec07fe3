"""Names of people's own choosing as registry ids: `Flur Tür/2` is `Flur~20T~c3~bcr~2f2`, and back."""

from __future__ import annotations

import re


def plain(name: str) -> str:
    """A name in [A-Za-z0-9_~-]: each byte of any other character is written ~hh. Two names never become one."""
    return "".join(
        char if char.isascii() and (char.isalnum() or char in "_-") else "".join(f"~{byte:02x}" for byte in raw)
        for char in name
        for raw in (char.encode(errors="surrogatepass"),)
    )


def spelt(plain_name: str) -> str:
    """The name that `plain` wrote so."""
    return _ESCAPED.sub(lambda run: bytes.fromhex(run[0].replace("~", "")).decode(errors="replace"), plain_name)


_ESCAPED = re.compile(r"(?:~[0-9a-f]{2})+")
