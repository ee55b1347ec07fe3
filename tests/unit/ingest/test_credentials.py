"""What is kept of a password, and on which topics a device may publish."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

import bcrypt

from ingest.credentials import Login, bcrypt_hash, mosquitto_hash, opens, topics_of

PASSWORD = "x3_" + "a" * 29


def login_of(password: str, *, revoked: bool = False) -> Login:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return Login(
        login="p-1",
        device="p",
        topics=(),
        bcrypt=bcrypt_hash(password),
        mosquitto_hash="",
        created_at=at,
        revoked_at=at if revoked else None,
    )


def test_the_bcrypt_hash_has_the_prefix_that_every_broker_knows_and_fits_its_password() -> None:
    hashed = bcrypt_hash(PASSWORD)
    assert hashed.startswith("$2a$04$")
    assert bcrypt.checkpw(PASSWORD.encode(), hashed.encode())
    assert hashed != bcrypt_hash(PASSWORD)


def test_the_mosquitto_hash_is_pbkdf2_with_its_rounds_and_salt_in_front() -> None:
    _, kind, rounds, salt, derived = mosquitto_hash(PASSWORD).split("$")
    assert kind == "7"
    again = hashlib.pbkdf2_hmac("sha512", PASSWORD.encode(), base64.b64decode(salt), int(rounds))
    assert base64.b64decode(derived) == again
    assert len(again) == 64


def test_only_the_right_password_opens_a_login() -> None:
    login = login_of(PASSWORD)
    assert opens(login, PASSWORD)
    assert not opens(login, PASSWORD[:-1])
    assert not opens(login, "")


def test_a_revoked_login_opens_nothing() -> None:
    assert not opens(login_of(PASSWORD, revoked=True), PASSWORD)


def test_no_login_is_opened_by_anything() -> None:
    assert not opens(None, PASSWORD)


def test_a_password_that_bcrypt_could_not_take_is_only_wrong() -> None:
    login = login_of(PASSWORD)
    for odd in ("\0", PASSWORD + "\0", "ä" * 100, "\udcff", "a" * 1_000):
        assert not opens(login, odd)


def test_a_device_may_publish_at_and_below_its_own_topics() -> None:
    topics = topics_of("li.phone")
    assert "owntracks/li/phone" in topics
    assert "owntracks/li/phone/#" in topics
    assert not any(topic.startswith("doorstep/v1/") for topic in topics)  # no native id
    assert {"doorstep/v1/p-1", "doorstep/v1/p-1/#"} <= set(topics_of("p-1"))


def test_no_device_may_publish_on_more_than_its_own_topics() -> None:
    for device in ("p-1", "li.phone", "ks-7:2", "~2b.phone", "li.~23"):
        for topic in topics_of(device):
            assert "+" not in topic
            assert topic.count("#") == topic.endswith("/#")
    assert not any(topic.startswith("owntracks/") for topic in topics_of("a~2fb.c")), "the topics of a.b"
