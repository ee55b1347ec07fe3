"""Payloads that are nearly right: one thing in them is changed, as a device of another make or a broken one would."""

from __future__ import annotations

import json
from random import Random
from typing import Any

NASTY: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, -(2**31) - 1, 2**63, -(2**63), 2**64, 10**30, 10**400),
    *(0.0, -0.0, 1e-320, 1.5, -1e300, 1e308, float("nan"), float("inf"), float("-inf")),
    *(
        "",
        " ",
        "0",
        "-1",
        "nan",
        "1e999",
        "TRUE",
        "false",
        "\0",
        "a\0b",
        "\ud800",
        "\udfff\ud800",
        "家" * 200,
        "x" * 5_000,
    ),
    *("2026-11-21T01:02:03", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-30T25:61:61+99:99", "12:34:56"),
    *("1795222923", "1795222923456", "99999999999999999999", "٣", "1_000", "0x10", "==", "////", "%00", "a.b.c"),
    *([], {}, [[]], [{}], {"": ""}, [None], {"a": {"b": []}}),
)


class Mutator:
    """Changes payloads; `words` are keys and strings that devices use."""

    def __init__(self, words: list[str]) -> None:
        self._words = words or ["a"]

    @classmethod
    def of(cls, payloads: list[bytes]) -> Mutator:
        """With the words of these."""
        words: dict[str, None] = {}
        for payload in payloads:
            try:
                _collect(json.loads(payload), words)
            except ValueError:
                words.update(dict.fromkeys(payload.decode(errors="replace").replace("&", "=").split("=")))
        return cls([word for word in words if len(word) < 40])

    def mutate(self, payload: bytes, rng: Random) -> bytes:
        """One to three changes."""
        try:
            said = json.loads(payload)
        except (ValueError, RecursionError):
            return self._text(payload, rng)
        if not isinstance(said, (dict, list)):
            return self._text(payload, rng)
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            if isinstance(said, (dict, list)):
                said = self._change(said, rng)
        try:
            return json.dumps(said, ensure_ascii=rng.random() < 0.7).encode(errors="surrogatepass")
        except RecursionError:
            return payload

    def _change(self, said: Any, rng: Random) -> Any:
        places = list(_places(said))
        if not places:
            return self._value(rng)
        holder, key = rng.choice(places)
        what = rng.randrange(8)
        if what <= 2:
            holder[key] = self._value(rng)
        elif what == 3:
            del holder[key]
        elif what == 4 and isinstance(holder, dict):
            holder[rng.choice(self._words)] = holder.pop(key)
        elif what == 5 and isinstance(holder, dict):
            holder[rng.choice(self._words)] = self._value(rng)
        elif what == 6:
            other, at = rng.choice(places)
            holder[key] = json.loads(json.dumps(other.get(at) if isinstance(other, dict) else said))
        elif rng.random() < 0.9:
            holder[key] = [holder[key]] if rng.random() < 0.5 else {rng.choice(self._words): holder[key]}
        else:
            for _ in range(rng.choice((3, 40, 300))):
                holder[key] = [holder[key]]
        return said

    def _value(self, rng: Random) -> Any:
        pick = rng.random()
        if pick < 0.6:
            return rng.choice(NASTY)
        if pick < 0.8:
            return rng.choice(self._words)
        if pick < 0.9:
            return rng.uniform(-400, 400)
        return rng.randrange(-(10 ** rng.randrange(1, 20)), 10 ** rng.randrange(1, 20))

    def _text(self, payload: bytes, rng: Random) -> bytes:
        """Queries and plain lines: one part is another."""
        parts = payload.decode(errors="replace").split("&")
        at = rng.randrange(len(parts))
        name, equals, value = parts[at].partition("=")
        new = self._value(rng)
        told = new if isinstance(new, str) else json.dumps(new)
        parts[at] = rng.choice((f"{name}{equals}{told}", f"{told}{equals}{value}", f"{parts[at]}&{name}={told}", told))
        return "&".join(parts).encode(errors="surrogatepass")


def _places(said: Any) -> list[tuple[Any, Any]]:
    """Every (holder, key) within."""
    found: list[tuple[Any, Any]] = []
    waiting = [said]
    while waiting and len(found) < 500:
        each = waiting.pop()
        keys = list(each) if isinstance(each, dict) else list(range(len(each)))
        for key in keys:
            found.append((each, key))
            if isinstance(each[key], (dict, list)):
                waiting.append(each[key])
    return found


def _collect(said: Any, words: dict[str, None]) -> None:
    if isinstance(said, dict):
        for key, value in said.items():
            words[key] = None
            _collect(value, words)
    elif isinstance(said, list):
        for value in said:
            _collect(value, words)
    elif isinstance(said, str):
        words[said] = None
