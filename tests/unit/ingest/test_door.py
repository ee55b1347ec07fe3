"""The door without a server: who is let in, what is put into the inbox, and when which answer is given."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from ingest.codecs import codec_of
from ingest.credentials import Login, bcrypt_hash, topics_of
from ingest.door import Door, Limits
from ingest.door_routes import Asked, may_publish, way_of
from ingest.doorkeeper import Doorkeeper
from ingest.inbox import Inbox
from ingest.message import Message

PASSWORD = "p" * 32
LI = ("li-1", PASSWORD)
FIX = b'{"_type":"location","lat":31.2,"lon":121.4,"tst":1700000000}'
SOON_S = 5.0
STOP = threading.Event()


def login_of(login: str, device: str, *topics: str) -> Login:
    return Login(
        login=login,
        device=device,
        topics=topics,
        bcrypt=bcrypt_hash(PASSWORD),
        mosquitto_hash="",
        created_at=datetime(2026, 11, 22, tzinfo=UTC),
        revoked_at=None,
    )


LOGINS = (
    login_of("li-1", "li.phone", "owntracks/li/phone", "owntracks/li/phone/#", "osmand/li.phone"),
    login_of("n-1", "p-1", "doorstep/v1/p-1", "doorstep/v1/p-1/#"),
    login_of("gate", "gate", "traccar/#"),
)


class Held:
    """A door, its inbox, and a client in front of it."""

    def __init__(self, limits: Limits, keeper: Doorkeeper) -> None:
        self.inbox = Inbox()
        self.door = Door(self.inbox, keeper, limits)
        transport = httpx.ASGITransport(self.door)  # type: ignore[arg-type]
        self.client = httpx.AsyncClient(transport=transport, base_url="http://door")
        self._deliveries: list[Any] = []

    async def take(self) -> list[Message]:
        """What the committer would take, once there is something."""
        async with asyncio.timeout(SOON_S):
            while not self.inbox.depth:
                await asyncio.sleep(0.001)
        self._deliveries = list(self.inbox.take(100, 0.0, STOP, 0.0))
        return [delivery.message for delivery in self._deliveries]

    def commit(self) -> None:
        """What was taken is in the log."""
        self.inbox.acknowledge(self._deliveries)

    async def said(self, *args: Any, **options: Any) -> tuple[httpx.Response, Message]:
        """A request that is committed, and what was committed."""
        asking = asyncio.create_task(self.client.request(*args, **options))
        (message,) = await self.take()
        assert not asking.done(), "answered before the commit"
        self.commit()
        return await asking, message


def at_the_door(
    test: Callable[[Held], Awaitable[None]], limits: Limits | None = None, keeper: Doorkeeper | None = None
) -> None:
    """Run a test with a door of its own."""

    async def run() -> None:
        let_in = keeper or Doorkeeper(refusals_per_min=5)
        let_in.learn(LOGINS)
        held = Held(limits or Limits(), let_in)
        async with held.client:
            await test(held)
        held.door.close()

    asyncio.run(run())


def test_owntracks_is_stored_under_the_logins_topic_and_answered_with_no_messages_after_the_commit() -> None:
    async def test(held: Held) -> None:
        answer, message = await held.said("POST", "/owntracks", content=FIX, auth=LI)
        assert (answer.status_code, answer.json()) == (200, [])
        assert (message.topic, message.payload, message.qos) == ("owntracks/li/phone", FIX, 1)
        assert answer.headers["cache-control"] == "no-store"

    at_the_door(test)


@pytest.mark.parametrize(
    ("ask", "payload"),
    [
        ({"method": "GET", "url": "/osmand?id=7&lat=1&lon=2"}, b"id=7&lat=1&lon=2"),
        ({"method": "POST", "url": "/?id=7&lat=1&lon=2"}, b"id=7&lat=1&lon=2"),
        ({"method": "POST", "url": "/osmand", "data": {"id": "7", "lat": "1"}}, b"id=7&lat=1"),
        ({"method": "POST", "url": "/osmand?id=7", "data": {"lat": "1"}}, b"id=7&lat=1"),
        ({"method": "POST", "url": "/osmand", "content": b'{"device_id":"7"}'}, b'{"device_id":"7"}'),
        ({"method": "POST", "url": "/osmand?x=1", "content": b'[{"id":"7"}]'}, b'[{"id":"7"}]'),
    ],
)
def test_osmand_speaks_in_queries_forms_and_json(ask: dict[str, Any], payload: bytes) -> None:
    async def test(held: Held) -> None:
        answer, message = await held.said(**ask, auth=LI)
        assert (answer.status_code, answer.content) == (200, b"")
        assert (message.topic, message.payload) == ("osmand/li.phone", payload)

    at_the_door(test)


def test_an_app_that_can_be_given_only_an_address_has_its_login_in_the_path() -> None:
    async def test(held: Held) -> None:
        answer, message = await held.said("GET", f"/osmand/li-1/{PASSWORD}?lat=1")
        assert (answer.status_code, message.topic, message.payload) == (200, "osmand/li.phone", b"lat=1")
        assert (await held.client.get("/osmand/li-1/wrong?lat=1")).status_code == 401

    at_the_door(test)


def test_the_native_format_comes_by_its_topic_as_path() -> None:
    async def test(held: Held) -> None:
        answer, message = await held.said("POST", "/doorstep/v1/p-1/position", content=b"{}", auth=("n-1", PASSWORD))
        assert (answer.status_code, message.topic) == (200, "doorstep/v1/p-1/position")

    at_the_door(test)


def test_only_a_login_that_may_speak_for_others_forwards_for_a_whole_server() -> None:
    async def test(held: Held) -> None:
        _, message = await held.said("POST", "/traccar", content=b"{}", auth=("gate", PASSWORD))
        assert message.topic == "traccar/position"
        assert (await held.client.post("/traccar", content=b"{}", auth=LI)).status_code == 403

    at_the_door(test)


@pytest.mark.parametrize("path", ["/doorstep/v1/p-2/position", "/doorstep/v1/p-10/sos", "/doorstep/v1/_clock/time"])
def test_a_login_speaks_for_its_own_device_only(path: str) -> None:
    async def test(held: Held) -> None:
        answer = await held.client.post(path, content=b"{}", auth=("n-1", PASSWORD))
        assert (answer.status_code, held.inbox.depth) == (403, 0)

    at_the_door(test)


def test_a_device_of_another_dialect_is_none_of_owntracks() -> None:
    async def test(held: Held) -> None:
        assert (await held.client.post("/owntracks", content=FIX, auth=("n-1", PASSWORD))).status_code == 403

    at_the_door(test)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic"},
        {"Authorization": "Basic ???"},
        {"Authorization": "Basic bGk="},  # no colon
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic /////w=="},  # no UTF-8
    ],
)
def test_without_a_login_nothing_is_heard_and_nothing_is_explained(headers: dict[str, str]) -> None:
    async def test(held: Held) -> None:
        answer = await held.client.post("/owntracks", content=FIX, headers=headers)
        assert (answer.status_code, answer.content, held.inbox.depth) == (401, b"", 0)
        assert answer.headers["www-authenticate"].startswith("Basic ")

    at_the_door(test)


def test_an_unknown_login_and_a_wrong_password_look_alike_and_both_cost_a_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []

    def note(login: Login | None, password: str) -> bool:
        hashed.append(password)
        return False

    monkeypatch.setattr("ingest.doorkeeper.opens", note)

    async def test(held: Held) -> None:
        unknown = await held.client.post("/owntracks", content=FIX, auth=("nobody", "a"))
        wrong = await held.client.post("/owntracks", content=FIX, auth=("li-1", "b"))
        assert (unknown.status_code, unknown.content, dict(unknown.headers)) == (
            wrong.status_code,
            wrong.content,
            dict(wrong.headers),
        )
        assert hashed == ["a", "b"]

    at_the_door(test)


def test_who_guesses_waits_a_minute_and_locks_nobody_out_who_is_known() -> None:
    now_s = [100.0]
    keeper = Doorkeeper(refusals_per_min=3, monotonic=lambda: now_s[0])

    async def test(held: Held) -> None:
        await held.said("POST", "/owntracks", content=FIX, auth=LI)
        for _ in range(3):
            assert (await held.client.get("/osmand/li-1/guess")).status_code == 401
        tired = await held.client.get("/osmand/li-1/guess")
        assert (tired.status_code, "retry-after" in tired.headers) == (429, True)
        answer, _ = await held.said("POST", "/owntracks", content=FIX, auth=LI)
        assert answer.status_code == 200
        now_s[0] += 61
        assert (await held.client.get("/osmand/li-1/guess")).status_code == 401

    at_the_door(test, keeper=keeper)


def test_a_revoked_login_is_not_recognised_by_having_been_known() -> None:
    keeper = Doorkeeper(refusals_per_min=5)

    async def test(held: Held) -> None:
        await held.said("POST", "/owntracks", content=FIX, auth=LI)
        keeper.learn([login for login in LOGINS if login.login != "li-1"])
        assert (await held.client.post("/owntracks", content=FIX, auth=LI)).status_code == 401

    at_the_door(test, keeper=keeper)


def test_before_the_logins_are_read_nobody_is_refused_for_good() -> None:
    async def run() -> None:
        held = Held(Limits(), Doorkeeper(refusals_per_min=5))
        answer = await held.client.post("/owntracks", content=FIX, auth=LI)
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
        await held.client.aclose()
        held.door.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/owntracks"), ("PUT", "/osmand"), ("DELETE", "/doorstep/v1/p/sos")]
)
def test_a_way_is_gone_in_one_direction(method: str, path: str) -> None:
    async def test(held: Held) -> None:
        assert (await held.client.request(method, path, auth=LI)).status_code == 405

    at_the_door(test)


@pytest.mark.parametrize("path", ["/pub", "/osmand/li-1", "/owntracks/li-1/x", "/osmand/a/b/c", "/doorstep/v2/p"])
def test_other_paths_lead_nowhere(path: str) -> None:
    async def test(held: Held) -> None:
        assert (await held.client.post(path, auth=LI)).status_code == 404

    at_the_door(test)


def test_an_empty_body_says_nothing() -> None:
    async def test(held: Held) -> None:
        answer = await held.client.post("/owntracks", auth=LI)
        assert (answer.status_code, answer.json(), held.inbox.depth) == (200, [], 0)

    at_the_door(test)


@pytest.mark.parametrize("stated", [True, False])
def test_a_body_that_is_too_large_is_refused(stated: bool) -> None:
    async def body() -> Any:
        for _ in range(11):
            yield b"x" * 100

    async def test(held: Held) -> None:
        content = b"x" * 1_100 if stated else body()
        assert (await held.client.post("/owntracks", content=content, auth=LI)).status_code == 413
        assert held.inbox.depth == 0

    at_the_door(test, Limits(body_most=1_000))


def test_what_is_not_committed_in_time_is_503_and_its_retry_is_not_held_twice() -> None:
    async def test(held: Held) -> None:
        for _ in range(3):
            answer = await held.client.post("/owntracks", content=FIX, auth=LI)
            assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
        asking = asyncio.create_task(held.client.post("/owntracks", content=FIX, auth=LI))
        assert len(await held.take()) == 1
        held.commit()
        assert (await asking).status_code == 200
        answer, _ = await held.said("POST", "/owntracks", content=FIX, auth=LI)
        assert answer.status_code == 200, "later it is a message of its own again"

    at_the_door(test, Limits(timeout_s=0.05))


def test_two_who_say_the_same_at_once_are_two() -> None:
    async def test(held: Held) -> None:
        asking = [asyncio.create_task(held.client.get("/osmand?lat=1", auth=LI)) for _ in range(2)]
        async with asyncio.timeout(SOON_S):
            while held.inbox.depth < 2:
                await asyncio.sleep(0.001)
        assert len(await held.take()) == 2
        held.commit()
        assert [(await each).status_code for each in asking] == [200, 200]

    at_the_door(test)


@pytest.mark.parametrize("limits", [Limits(timeout_s=0.05, waiting_most=1), Limits(timeout_s=0.05, waiting_bytes=100)])
def test_once_too_much_waits_the_next_is_turned_away_at_once_and_let_in_after_the_commit(limits: Limits) -> None:
    async def test(held: Held) -> None:
        assert (await held.client.post("/owntracks", content=FIX, auth=LI)).status_code == 503
        assert (await held.client.post("/owntracks", content=FIX + b" ", auth=LI)).status_code == 503
        assert len(await held.take()) == 1
        held.commit()
        await asyncio.sleep(0)
        answer, _ = await held.said("POST", "/owntracks", content=FIX + b" ", auth=LI)
        assert answer.status_code == 200

    at_the_door(test, limits)


def test_who_waits_when_ingest_ends_is_told_that_nothing_was_committed() -> None:
    async def test(held: Held) -> None:
        asking = asyncio.create_task(held.client.post("/owntracks", content=FIX, auth=LI))
        await held.take()
        held.door.close()
        assert (await asking).status_code == 503
        assert (await held.client.post("/owntracks", content=FIX, auth=LI)).status_code == 503
        held.commit()

    at_the_door(test)


@pytest.mark.parametrize(
    ("path", "payload", "auth"),
    [("/osmand?lat=1&alarm=sos", b"", LI), ("/doorstep/v1/p-1/sos", b'{"time":1700000000}', ("n-1", PASSWORD))],
)
def test_a_call_for_help_is_let_in_where_others_are_turned_away_and_goes_first(
    path: str, payload: bytes, auth: tuple[str, str]
) -> None:
    async def test(held: Held) -> None:
        assert (await held.client.post("/owntracks", content=FIX, auth=LI)).status_code == 503
        assert (await held.client.post("/owntracks", content=FIX + b" ", auth=LI)).status_code == 503
        asking = asyncio.create_task(held.client.post(path, content=payload, auth=auth))
        async with asyncio.timeout(SOON_S):
            while held.inbox.depth < 2:
                await asyncio.sleep(0.001)
        first, second = await held.take()
        assert second.payload == FIX
        assert first.topic in ("osmand/li.phone", "doorstep/v1/p-1/sos")
        held.commit()
        assert (await asking).status_code == 200

    at_the_door(test, Limits(timeout_s=0.2, waiting_most=1))


def test_every_way_leads_to_a_dialect_that_reads_it() -> None:
    def dialect(path: str, login: Login) -> str:
        way = way_of(path)
        assert way is not None
        topic = way.route.said(Asked(login, path, b"", "", b"{}")).topic
        assert topic is not None
        assert may_publish(login, topic)
        return codec_of(topic).name

    phone = login_of("li-1", "li.phone", *topics_of("li.phone"))
    assert [dialect(path, phone) for path in ("/owntracks", "/osmand", "/")] == ["owntracks", "osmand", "osmand"]
    assert dialect("/doorstep/v1/p-1/scan", login_of("n-1", "p-1", *topics_of("p-1"))) == "native"
    assert dialect("/traccar", LOGINS[2]).startswith("traccar")
