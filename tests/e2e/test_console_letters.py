"""Dead letters as a person meets them: warned of, by reason, with what to do, read again, dropped with a reason."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e import fleets
from tests.e2e.browsers import PHONE, WITHOUT_MAP, chromium, opened
from tests.e2e.states import at
from tests.e2e.stub_api import Stub, serving
from tests.e2e.test_console import enter, fits

pytestmark = pytest.mark.e2e

WIDE = {"width": 1440, "height": 900}
WALKS = [("zh-CN", PHONE), ("en", WIDE)]
ROOT = "/v1/dead-letters"
TEXTS = {
    "zh-CN": {
        "tab": "死信 ! 接近限额",
        "warns": "死信已占限额的 86%",
        "encrypted": "已加密，没有密钥",
        "todo": "密钥",
        "newest": "最近 2 分钟前",
        "came": "收到 41 次",
        "retried": "1 封已读懂并保存。1 封仍然读不懂。还有 7 封没来得及读",
        "stored": "1 封已读懂并保存",
        "dropped": "已丢弃 1 封",
        "none": "没有死信",
        "gone": "内容已不在",
        "given_up": "已放弃",
        "too_many": "超出容量限额",
        "why": "为什么不需要了",
        "key": "加密密钥",
        "saved": "密钥已保存",
    },
    "en": {
        "tab": "Dead letters ! nearly full",
        "warns": "Dead letters are at 86%",
        "encrypted": "Encrypted, and no key",
        "todo": "encryption key",
        "newest": "newest 2 min ago",
        "came": "came 41 times",
        "retried": "1 letter could be read and is stored. 1 letter still cannot be read. There was no time for 7 more",
        "stored": "1 letter could be read",
        "dropped": "1 letter dropped",
        "none": "No dead letters",
        "gone": "It is gone",
        "given_up": "Given up",
        "too_many": "no more room",
        "why": "Why nobody needs it",
        "key": "Encryption key",
        "saved": "The key is saved",
    },
}


def letter(number: int, payload: bytes = b"junk", **changes: Any) -> dict[str, Any]:
    """One that came a minute ago."""
    text = payload.decode() if payload.isascii() and payload.decode().isprintable() and payload else None
    return {
        "key": f"{number:032x}",
        "topic": f"doorstep/v1/p{number}/position",
        "reason": "not_json",
        "detail": "the payload is not JSON: it begins with 'j'",
        "state": "open",
        "retained": False,
        "times": 1,
        "size": len(payload),
        "first_seen": at("08:11"),
        "last_seen": at("10:03"),
        "closed_at": None,
        "closed_by": "",
        "closed_why": "",
        "payload_base64": base64.b64encode(payload).decode(),
        "text": text,
        **changes,
    }


class Letters:
    """The stub's dead letters: what is done to them shows on the next look."""

    def __init__(self, stub: Stub) -> None:
        long = "spBv1.0/a-very-long-plant-name/DDATA/gateway-in-the-basement/" + "sensor-" * 12
        self.all = [
            letter(1, reason="encrypted", topic="owntracks/jane/iphone", times=41, detail="no key for it"),
            letter(2, bytes(range(256)) * 3),
            letter(3, b'{"lat": 31.2, "lon": '),
            letter(4, reason="unknown_topic", topic=long, detail=f"no dialect knows the topic {long!r}"),
            letter(5, b"", state="expired", size=2_300_000, closed_at=at("09:00"), closed_why="too many"),
        ]
        self.fill = {
            "letters": 4,
            "size": 923_417_600,
            "size_most": 1_073_741_824,
            "oldest_days": 31.4,
            "days_most": 90.0,
            "share": 0.86,
            "warns": True,
        }
        stub.staff |= {f"{ROOT}/groups": self._groups, ROOT: self._list}
        for each in self.all:
            stub.staff[f"{ROOT}/{each['key']}"] = lambda _query, each=each: each
        stub.deeds[f"{ROOT}/drop"] = self._drop
        stub.deeds[f"{ROOT}/retry"] = self._retry

    def _of(self, query: dict[str, str]) -> list[dict[str, Any]]:
        wanted = [each for each in self.all if each["state"] == query.get("state", "open")]
        return [each for each in wanted if each["reason"] == query.get("reason", each["reason"])]

    def _list(self, query: dict[str, str]) -> dict[str, Any]:
        return {"items": self._of(query), "next": None}

    def _groups(self, query: dict[str, str]) -> dict[str, Any]:
        found = self._of(query)
        groups = []
        for reason in sorted({each["reason"] for each in found}):
            of = [each for each in found if each["reason"] == reason]
            told = {"letters": len(of), "times": sum(each["times"] for each in of), "size": sum(e["size"] for e in of)}
            seen = {"first_seen": at("08:11"), "last_seen": at("10:03"), "topic": of[0]["topic"]}
            groups.append({"reason": reason, **told, **seen})
        return {"groups": groups, "fill": self.fill}

    def _retry(self, body: dict[str, Any]) -> dict[str, Any]:
        """One that is named can be read by now; of a reason not all."""
        for each in self.all:
            if each["key"] in body.get("keys", ()):
                each |= {"state": "resolved", "closed_at": at("10:05")}
        return (
            {"stored": 1, "unreadable": 0, "left": 0} if "keys" in body else {"stored": 1, "unreadable": 1, "left": 7}
        )

    def _drop(self, body: dict[str, Any]) -> dict[str, Any]:
        dropped = [
            each
            for each in self.all
            if each["state"] == "open" and (each["key"] in body.get("keys", ()) or each["reason"] == body.get("reason"))
        ]
        for each in dropped:
            each |= {"state": "dropped", "closed_at": at("10:05"), "closed_by": "staff", "closed_why": body["why"]}
        return {"dropped": len(dropped)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(*WITHOUT_MAP) as found:
        yield found


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving() as found:
        fleets.Desk(found)
        yield found


@pytest.fixture
def letters(stub: Stub) -> Letters:
    return Letters(stub)


@pytest.mark.parametrize(("language", "size"), WALKS)
def test_a_warning_leads_to_the_reasons_and_one_letter_is_dropped(
    browser: Browser, stub: Stub, letters: Letters, language: str, size: dict[str, int]
) -> None:
    texts = TEXTS[language]
    with opened(browser, size, locale=language) as page:
        enter(page, stub)
        page.get_by_role("link", name=texts["tab"], exact=True).click()
        expect(page.get_by_test_id("letters-warn")).to_contain_text(texts["warns"])
        rows = page.get_by_test_id("letter-groups").locator("[data-reason]")
        expect(rows).to_have_count(3)
        expect(rows.first).to_contain_text(texts["newest"])
        fits(page)

        rows.first.get_by_role("link", name=texts["encrypted"]).click()
        group = page.get_by_test_id("letter-group")
        expect(group.get_by_role("heading", level=2)).to_be_focused()
        expect(group).to_contain_text(texts["todo"])
        fits(page)
        group.get_by_role("link", name="owntracks/jane/iphone").click()

        one = page.get_by_test_id("letter")
        expect(one.get_by_role("heading", level=2)).to_be_focused()
        expect(one).to_contain_text(texts["came"])
        expect(one.locator("pre")).to_have_text("junk")
        fits(page)
        one.get_by_test_id("drop").press("Enter")
        why = one.get_by_label(texts["why"])
        expect(why).to_be_focused()
        expect(one.get_by_test_id("drop-now")).to_be_disabled()
        why.fill(" 手机已退役 ")
        why.press("Enter")
        expect(one.get_by_role("status")).to_contain_text(texts["dropped"])
        expect(one).to_contain_text("手机已退役")
        expect(one.get_by_test_id("drop")).to_have_count(0)
        path, body, key = stub.done[-1]
        assert (path, body) == (f"{ROOT}/drop", {"keys": [f"{1:032x}"], "why": "手机已退役"})
        assert key


@pytest.mark.parametrize(("language", "size"), WALKS[1:])
def test_all_of_a_reason_are_read_again_and_what_became_of_them_is_said(
    browser: Browser, stub: Stub, letters: Letters, language: str, size: dict[str, int]
) -> None:
    texts = TEXTS[language]
    with opened(browser, size, locale=language) as page:
        enter(page, stub, "letters?reason=not_json")
        group = page.get_by_test_id("letter-group")
        expect(group.locator("[data-letter]")).to_have_count(2)
        group.get_by_test_id("retry").click()
        expect(group.get_by_role("status")).to_contain_text(texts["retried"])
        assert stub.done[-1][:2] == (f"{ROOT}/retry", {"reason": "not_json"})
        del stub.deeds[f"{ROOT}/retry"]
        group.get_by_test_id("retry").click()
        expect(group.get_by_role("alert")).to_be_visible()
        fits(page)


@pytest.mark.parametrize(("language", "size"), WALKS[:1])
def test_bytes_that_are_no_text_are_shown_in_hex_and_those_given_up_are_gone(
    browser: Browser, stub: Stub, letters: Letters, language: str, size: dict[str, int]
) -> None:
    texts = TEXTS[language]
    with opened(browser, size, locale=language) as page:
        enter(page, stub, f"letters/{2:032x}?reason=not_json")
        dump = page.get_by_test_id("payload").locator("pre")
        expect(dump).to_contain_text("0040  40 41 42 43 44 45 46 47  @ABCDEFG")
        expect(dump).to_contain_text("…")
        fits(page)
        page.get_by_test_id("retry").click()
        expect(page.get_by_test_id("letter").get_by_role("status")).to_contain_text(texts["stored"])
        expect(page.get_by_test_id("retry")).to_have_count(0)
        expect(page.get_by_test_id("letter").get_by_role("status")).to_contain_text(texts["stored"])
        page.evaluate("location.hash = 'letters'")
        page.get_by_role("button", name=texts["given_up"]).click()
        page.get_by_test_id("letter-groups").get_by_role("link").click()
        expect(page.get_by_test_id("letters")).to_contain_text(texts["too_many"])
        page.get_by_test_id("letters").get_by_role("link").click()
        expect(page.get_by_test_id("payload")).to_contain_text(texts["gone"])
        expect(page.get_by_test_id("retry")).to_have_count(0)
        fits(page)


@pytest.mark.parametrize(("language", "size"), WALKS[1:])
def test_the_key_of_a_phone_that_encrypts_is_entered_on_its_letter(
    browser: Browser, stub: Stub, letters: Letters, language: str, size: dict[str, int]
) -> None:
    stub.deeds["/v1/devices/jane.iphone/key"] = lambda body: {"device": "jane.iphone"}
    with opened(browser, size, locale=language) as page:
        enter(page, stub, f"letters/{1:032x}?reason=encrypted")
        form = page.get_by_test_id("key")
        save = form.get_by_role("button")
        expect(save).to_be_disabled()
        form.get_by_label(TEXTS[language]["key"]).fill("密" * 11)
        expect(save).to_be_disabled()
        fits(page)
        form.get_by_label(TEXTS[language]["key"]).fill("correct horse")
        save.click()
        expect(form.get_by_role("status")).to_contain_text(TEXTS[language]["saved"])
        expect(form.get_by_label(TEXTS[language]["key"])).to_have_value("")
        assert stub.done[-1][:2] == ("/v1/devices/jane.iphone/key", {"secret": "correct horse"})


@pytest.mark.parametrize(("language", "size"), WALKS[:1])
def test_a_cell_that_reads_everything_has_no_mark_and_says_so(
    browser: Browser, stub: Stub, letters: Letters, language: str, size: dict[str, int]
) -> None:
    letters.all.clear()
    letters.fill |= {"letters": 0, "share": 0.0, "warns": False}
    with opened(browser, size, locale=language) as page:
        enter(page, stub, "letters")
        expect(page.locator(".empty").first).to_contain_text(TEXTS[language]["none"])
        expect(page.get_by_test_id("letters-mark")).to_have_count(0)
        expect(page.get_by_test_id("letters-warn")).to_have_count(0)
