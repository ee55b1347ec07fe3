"""How devices sign in: logins with minted passwords, kept as hashes only, and the keys of those that encrypt.

A login belongs to one device and may publish on that device's own topics. The HTTP door verifies here; brokers are
given the hashes (NATS and EMQX read bcrypt, Mosquitto its own `$7$`), so nobody has to know a password twice. A revoked
login stays listed: who could once speak for a device is part of the story.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import bcrypt
import msgspec
import psycopg
from psycopg.rows import kwargs_row

from domain.errors import NotFound, Rejected
from ingest.codecs import all_codecs

LOGIN = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What a login is called: fits the user names of every broker, and a path."""

PASSWORD_BYTES = 24
"""192 random bits, which nobody guesses with however cheap a hash. base64 makes 32 characters; bcrypt reads 72."""

_BCRYPT_COST = 4
"""The least there is, about 1 ms. A slow hash protects passwords that people chose; ours are random, and a broker that
comes back has to check every device's at once."""

_PBKDF2_ROUNDS = 101
"""What mosquitto_passwd uses itself."""

_SALT_BYTES = 12
_KEY_MOST_BYTES = 32
"""A secretbox key (libsodium): OwnTracks fills a shorter secret up with zeros."""

CHANGED = "doorstep_credentials"
"""The channel that tells of every change of logins or keys, when it is committed."""

TABLE = """
CREATE TABLE IF NOT EXISTS ingest.credentials (
    login text COLLATE "C" PRIMARY KEY,
    device text COLLATE "C" NOT NULL,
    topics text[] NOT NULL,
    bcrypt text NOT NULL,
    mosquitto_hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);
CREATE INDEX IF NOT EXISTS credentials_by_device ON ingest.credentials (device, created_at);
CREATE TABLE IF NOT EXISTS ingest.device_keys (
    device text COLLATE "C" PRIMARY KEY,
    key bytea NOT NULL,
    set_at timestamptz NOT NULL DEFAULT now()
);
"""

_COLUMNS = "login, device, topics, bcrypt, mosquitto_hash, created_at, revoked_at"

Connection = psycopg.Connection[Any]


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """Who may speak for a device. `topics`: MQTT filters that it may publish on; `revoked_at` None: it still may."""

    login: str
    device: str
    topics: tuple[str, ...]
    bcrypt: str
    mosquitto_hash: str
    created_at: datetime
    revoked_at: datetime | None


class Minted(msgspec.Struct, frozen=True):
    """A new login with its password, which is kept nowhere: it can be told now and never again."""

    login: str
    password: str


def topics_of(device: str) -> tuple[str, ...]:
    """Every topic at and below which a device of this id may publish, in any dialect, as MQTT filters.

    An id that spells a wildcard or a further level would open the topics of others (MQTT 3.1.1, section 4.7.1): it has
    none in a dialect that spells it out.
    """
    said = (codec.topic_of(device) for codec in all_codecs())
    bases = dict.fromkeys(topic for topic in said if topic is not None and not _reaches_out(device, topic))
    return tuple(topic for base in bases for topic in (base, f"{base}/#"))


def _reaches_out(device: str, topic: str) -> bool:
    return bool(set(topic) & set("+#\0")) or ("~2f" in device and "~2f" not in topic)


def mint(conn: Connection, device: str, topics: Sequence[str], login: str | None = None) -> Minted:
    """A new login of a device; unnamed, it is called after the device. Raises Rejected where the name is taken, also by
    a revoked one, or cannot be one."""
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    named = login or f"{re.sub('[^A-Za-z0-9_-]', '-', device)[:54]}-{secrets.token_hex(4)}"
    if not LOGIN.fullmatch(named):
        raise Rejected(f"a login is 1 to 64 of letters, digits, _ -, not {named!r}", code="invalid_login")
    made = conn.execute(
        "INSERT INTO ingest.credentials (login, device, topics, bcrypt, mosquitto_hash) VALUES (%s, %s, %s, %s, %s) "
        "ON CONFLICT (login) DO NOTHING",
        (named, device, list(topics), bcrypt_hash(password), mosquitto_hash(password)),
    )
    if not made.rowcount:
        raise Rejected(f"there is a login {named} already", code="conflict")
    _tell(conn)
    return Minted(named, password)


def revoke(conn: Connection, login: str) -> None:
    """From now on this login opens nothing; doing it twice changes nothing. Raises NotFound."""
    found = conn.execute(
        "UPDATE ingest.credentials SET revoked_at = coalesce(revoked_at, now()) WHERE login = %s", (login,)
    )
    if not found.rowcount:
        raise NotFound(f"there is no login {login}")
    _tell(conn)


def listed(conn: Connection, device: str | None = None) -> list[Login]:
    """All logins, or those of a device, revoked ones too, the oldest first."""
    query = (
        f"SELECT {_COLUMNS} FROM ingest.credentials WHERE %s::text IS NULL OR device = %s ORDER BY created_at, login"
    )
    with conn.cursor(row_factory=kwargs_row(_login)) as curs:
        return curs.execute(query, (device, device)).fetchall()


def verify(conn: Connection, login: str, password: str) -> Login | None:
    """The login that these open. None where they open none; that takes as long, whatever the reason."""
    with conn.cursor(row_factory=kwargs_row(_login)) as curs:
        found = curs.execute(f"SELECT {_COLUMNS} FROM ingest.credentials WHERE login = %s", (login,)).fetchone()
    return found if opens(found, password) else None


def opens(login: Login | None, password: str) -> bool:
    """Whether a password is this login's and the login stands; as slow where there is no login at all."""
    hashed = _NOBODY if login is None else login.bcrypt
    # bcrypt ends at a zero byte and refuses more than 72 bytes; no password of ours has either.
    shown = password.encode(errors="replace")[:72].replace(b"\0", b"?")
    right = bcrypt.checkpw(shown, hashed.encode())
    return right and login is not None and login.revoked_at is None


def set_key(conn: Connection, device: str, key: bytes) -> None:
    """The secret that a device encrypts its payloads with; the last one counts. Raises Rejected (`invalid_key`).

    It stands in the table as it is: unlike a password it is needed to read what the device says.
    """
    if not 1 <= len(key) <= _KEY_MOST_BYTES:
        raise Rejected(f"a key is 1 to {_KEY_MOST_BYTES} bytes, not {len(key)}", code="invalid_key")
    conn.execute(
        "INSERT INTO ingest.device_keys (device, key) VALUES (%s, %s) "
        "ON CONFLICT (device) DO UPDATE SET key = excluded.key, set_at = now()",
        (device, key),
    )
    _tell(conn)


def drop_key(conn: Connection, device: str) -> None:
    """The device encrypts no more; what it encrypted and nobody has read yet stays unreadable."""
    conn.execute("DELETE FROM ingest.device_keys WHERE device = %s", (device,))
    _tell(conn)


def keys(conn: Connection) -> dict[str, bytes]:
    """The secrets of all devices that encrypt."""
    return {device: bytes(key) for device, key in conn.execute("SELECT device, key FROM ingest.device_keys")}


def bcrypt_hash(password: str) -> str:
    """As NATS, EMQX and the HTTP door read it. `2a` is the prefix that all of them know."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(_BCRYPT_COST, b"2a")).decode()


def mosquitto_hash(password: str) -> str:
    """As a line of Mosquitto's password file has it after the name: PBKDF2 with SHA-512, rounds, salt, 64 bytes."""
    salt = secrets.token_bytes(_SALT_BYTES)
    derived = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _PBKDF2_ROUNDS)
    return f"$7${_PBKDF2_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(derived).decode()}"


def _tell(conn: Connection) -> None:
    conn.execute("SELECT pg_notify(%s, '')", (CHANGED,))


def _login(**columns: Any) -> Login:
    return Login(**columns | {"topics": tuple(columns["topics"])})


_NOBODY = bcrypt_hash(secrets.token_urlsafe(PASSWORD_BYTES))
"""Of a password that nobody has."""
