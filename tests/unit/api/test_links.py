"""Customers' links: for one visit, for a time, and only ours."""

from __future__ import annotations

import pytest

from api.links import Link, LinkExpired, Links
from domain.errors import NotFound
from domain.time import HOUR_MS

NOW = 1_790_000_000_123


def links(secret: bytes = b"s" * 32, *, now_ms: int = NOW) -> Links:
    return Links(lambda: secret, valid_h=2, wall=lambda: now_ms)


def test_a_link_opens_its_visit_until_it_expires() -> None:
    token, link = links().make("v-1")
    assert link.expires_ms == NOW // 1000 * 1000 + 2 * HOUR_MS
    assert links(now_ms=NOW + HOUR_MS).open(token) == link == Link("v-1", link.expires_ms)


def test_after_its_time_it_is_expired_not_unknown() -> None:
    token, _ = links().make("v-1")
    with pytest.raises(LinkExpired):
        links(now_ms=NOW + 2 * HOUR_MS).open(token)


def test_another_cells_link_opens_nothing() -> None:
    token, _ = links(b"x" * 32).make("v-1")
    with pytest.raises(NotFound):
        links().open(token)


@pytest.mark.parametrize("garbage", ["", "x", "a.b", "a.b.c", "WyJ2IiwxXQ.AAAA", "é", "%00", "\0", "." * 500])
def test_garbage_opens_nothing(garbage: str) -> None:
    with pytest.raises(NotFound):
        links().open(garbage)


def test_no_character_of_a_token_can_be_changed() -> None:
    token, _ = links().make("v-1")
    for place, char in enumerate(token[:-1]):  # the last one holds spare bits of the encoding
        forged = token[:place] + ("A" if char != "A" else "B") + token[place + 1 :]
        with pytest.raises(NotFound):
            links().open(forged)


def test_a_token_fits_into_an_address() -> None:
    token, _ = links().make("v:1.x_y-z")
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_the_secret_is_read_once() -> None:
    asked: list[int] = []

    def read() -> bytes:
        asked.append(1)
        return b"s" * 32

    ours = Links(read, valid_h=1)
    ours.open(ours.make("v-1")[0])
    assert len(asked) == 1
