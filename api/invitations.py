"""What the API asks of whoever makes devices' logins and phones' settings; ingest and its tables lie behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

import msgspec

App = Literal["owntracks", "traccar"]
Mode = Literal["mqtt", "http"]


class Setting(msgspec.Struct, frozen=True):
    """One field of an app, for entry by hand; the pages know what it is called there."""

    name: str
    value: str


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """All that somebody with the phone in their hand needs. Holds the password, which is told once.

    `link` opens the app with everything filled in; `qr_svg` is the same as a picture. `configuration`: the file that
    OwnTracks imports. `near`: only the machine that Doorstep runs on can reach these addresses.
    """

    app: App
    mode: Mode
    device: str
    login: str
    link: str
    qr_svg: str
    settings: Sequence[Setting]
    configuration: str | None
    near: bool


class KnownLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A login as it may be shown."""

    login: str
    device: str
    topics: Sequence[str]
    created_at: datetime
    revoked_at: datetime | None


class NewLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A login with its password, which is told once."""

    login: str
    password: str
    topics: Sequence[str]


class Phones(Protocol):
    """Makes and keeps what devices sign in with. Everything raises Unavailable where the database is away."""

    def device_of(self, worker: str, name: str) -> str:
        """The id of a worker's phone of this name. Raises Rejected."""

    def check(self, app: App, mode: Mode) -> None:
        """Raises Rejected where no such invitation can be made: the app cannot, or this cell has no such door."""

    def invite(self, worker: str, name: str, app: App, mode: Mode, *, host: str | None, port: int | None) -> Invitation:
        """A new login of the worker's phone, and all that the phone needs. Raises Rejected."""

    def logins(self, device: str) -> Sequence[KnownLogin]:
        """A device's logins, revoked ones too, the oldest first."""

    def mint(self, device: str, topics: Sequence[str] | None) -> NewLogin:
        """A new login; `topics` None: the device's own. Raises Rejected."""

    def revoke(self, device: str, login: str) -> None:
        """The login opens nothing any more. Raises NotFound where the device has none of that name."""

    def set_key(self, device: str, secret: str | None) -> None:
        """The secret that the device encrypts with; None: it does not any more. Raises Rejected."""
