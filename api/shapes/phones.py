"""Invitations, logins and keys as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from api.invitations import App, Invitation, KnownLogin, Mode, NewLogin
from api.shapes.requests import Ask
from api.times import At, Instant
from domain.time import from_datetime

_LEVEL = r"(?:\+|[^+#/\s\x00-\x1f\x7f]+)"
Filter = Annotated[str, StringConstraints(max_length=256, pattern=rf"^{_LEVEL}(?:/{_LEVEL})*(?:/#)?$")]
"""An MQTT filter below at least one level (MQTT 3.1.1, section 4.7.1), without spaces: NATS can carry none."""


class InviteAsk(Ask):
    """`device`: the phone among the worker's phones. `from`: since when it speaks for the worker; none: from now on.
    `host`, `port`: how the phone reaches this cell, where that is neither what the settings say nor what is guessed."""

    app: App
    mode: Mode
    device: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$")] = "phone"
    from_ms: Instant | None = Field(default=None, alias="from")
    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:_-]{1,253}$")] | None = None
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None


class SettingShape(BaseModel, frozen=True):
    """One field of the app, for entry by hand."""

    name: str
    value: str


class InvitationShape(BaseModel, frozen=True):
    """Shown once: the password in it is kept nowhere. `link` opens the app with everything filled in, `qr_svg` is the
    same as a picture, `configuration` the file that OwnTracks imports. `near`: only the machine that Doorstep runs on
    can reach these addresses."""

    worker: str
    app: App
    mode: Mode
    device: str
    login: str
    link: str
    qr_svg: str
    settings: list[SettingShape]
    configuration: str | None
    near: bool

    @classmethod
    def of(cls, worker: str, made: Invitation) -> InvitationShape:
        return cls(
            worker=worker,
            app=made.app,
            mode=made.mode,
            device=made.device,
            login=made.login,
            link=made.link,
            qr_svg=made.qr_svg,
            settings=[SettingShape(name=each.name, value=each.value) for each in made.settings],
            configuration=made.configuration,
            near=made.near,
        )


class LoginAsk(Ask):
    """`topics`: the MQTT filters that it may publish on, for a gateway that speaks for many; none: the device's own."""

    topics: Annotated[list[Filter], Field(min_length=1, max_length=100)] | None = None


class NewLoginShape(BaseModel, frozen=True):
    """Shown once: the password is kept nowhere."""

    login: str
    password: str
    topics: list[str]

    @classmethod
    def of(cls, made: NewLogin) -> NewLoginShape:
        return cls(login=made.login, password=made.password, topics=list(made.topics))


class LoginShape(BaseModel, frozen=True):
    """A login without its password. `revoked_at` null: it stands."""

    login: str
    topics: list[str]
    created_at: At
    revoked_at: At | None


class LoginList(BaseModel, frozen=True):
    """A device's logins, the oldest first."""

    items: list[LoginShape]

    @classmethod
    def of(cls, found: Sequence[KnownLogin]) -> LoginList:
        return cls(
            items=[
                LoginShape(
                    login=each.login,
                    topics=list(each.topics),
                    created_at=from_datetime(each.created_at),
                    revoked_at=None if each.revoked_at is None else from_datetime(each.revoked_at),
                )
                for each in found
            ]
        )


class KeyAsk(Ask):
    """`secret`: as it stands in the app's settings, at most 32 bytes of UTF-8."""

    secret: Annotated[str, StringConstraints(min_length=1, max_length=32)]


class AccessAnswer(BaseModel, frozen=True):
    """What was asked for is so."""

    device: str
