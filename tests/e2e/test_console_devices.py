"""The registry as a supervisor walks through it: an unknown device is found, bound from the past, set up, corrected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e import fleets
from tests.e2e.browsers import PHONE, WITHOUT_MAP, chromium, opened
from tests.e2e.states import HOME, at
from tests.e2e.stub_api import Stub, serving
from tests.e2e.test_console import enter, fits

pytestmark = pytest.mark.e2e

WIDE = {"width": 1440, "height": 900}
BEACON = "beacon:1de4b189115e45f6b44e509352269977:0:7"
WALKS = [("zh-CN", PHONE), ("en", WIDE)]
TEXTS = {
    "zh-CN": {
        "tab": "设备",
        "unknown": "未知设备",
        "last": "位置 · 31.23040, 121.47370 · 精度 12 米",
        "contradiction": "3 条消息自称是另一设备 phone-77",
        "ahead": "时钟至少快 1 小时 2 秒",
        "first": "第一条消息",
        "other": "指定时间",
        "place": "地点",
        "bound": "已绑定",
        "crs": "GCJ-02（高德、腾讯）",
        "saved": "已保存",
        "corrected": "当前更正：−1 小时 2 秒",
        "correct": "更正时钟",
        "wrong": "第 2 行",
        "none": "没有符合条件的设备",
    },
    "en": {
        "tab": "Devices",
        "unknown": "Unknown device",
        "last": "Position · 31.23040, 121.47370 · within 12 m",
        "contradiction": "3 messages named another device, phone-77",
        "ahead": "Its clock is at least 1 h 2 s fast",
        "first": "Its first message",
        "other": "Another time",
        "place": "Place",
        "bound": "Bound",
        "crs": "GCJ-02 (Amap, Tencent)",
        "saved": "Saved",
        "corrected": "Corrected now by −1 h 2 s",
        "correct": "Correct the clock",
        "wrong": "Line 2",
        "none": "No device matches",
    },
}


def device(name: str, **changes: Any) -> dict[str, Any]:
    """One of the list: heard a minute ago at home, and bound to nobody."""
    sorts = {"tag": "tag", "beacon": "beacon", "ble": "bluetooth"}
    last = {"kind": "position", "at": at("10:03"), "said": {**HOME, "accuracy_m": 12.0}}
    return {
        "device": name,
        "sort": sorts.get(name.partition(":")[0], "device"),
        "holder": None,
        "since": None,
        "until": None,
        "known_at": at("08:11"),
        "first_heard_at": at("08:11"),
        "heard_at": at("10:03"),
        "messages": 412,
        "last": last,
        "reader": None,
        "battery_pct": 64,
        "battery_at": at("10:03"),
        "status": None,
        "status_at": None,
        "dialect": None,
        "flagged_ahead": 0,
        "flagged_unset": 0,
        "contradictions": {"count": 0, "last_said": None, "at": None},
        "clock": {"ahead_ms": 400, "by": "sent", "messages": 300, "since": at("09:00"), "verdict": "right"},
        **changes,
    }


def whole(of: dict[str, Any]) -> dict[str, Any]:
    """The same with all that its page shows."""
    said = {"device": of["reader"] or of["device"], "fact": "00000000-0000-4000-8000-00000000000"}
    recent = [
        {**of["last"], **said, "at": at(f"10:0{n}"), "received_at": at(f"10:0{n}:02"), "fact": f"{said['fact']}{n}"}
        for n in (3, 2, 1)
    ]
    holder = of["holder"]
    return {
        **of,
        "first_observed_at": of["first_heard_at"],
        "bindings": [{"holder": holder, "from": of["since"], "until": of["until"]}] if holder else [],
        "settings": {"topic": None, "dialect": of["dialect"], "zone": None, "crs": None, "model": None, "fields": {}},
        "clock_offset_ms": 0,
        "corrections": [],
        "recent": recent,
    }


class Registry:
    """The stub's registry: what is sent there shows on the next look."""

    def __init__(self, stub: Stub) -> None:
        scanned = {"kind": "scan", "at": at("09:58"), "said": {}}
        fast = {"ahead_ms": 3_602_000, "by": "sent", "messages": 300, "since": at("09:00"), "verdict": "ahead"}
        found = [
            device(
                "owntracks-jane-iphone",
                contradictions={"count": 3, "last_said": "phone-77", "at": at("10:02")},
                clock=fast,
                flagged_ahead=40,
            ),
            device("tag:74103794", last=scanned, reader="reader-3", battery_pct=None, battery_at=None, clock=None),
            device(
                BEACON,
                last=scanned,
                reader="gateway-1",
                battery_pct=None,
                battery_at=None,
                clock=None,
                holder={"kind": "site", "id": "s-2", "name": "翠湖花园 3 号楼"},
                since=at("06:00"),
            ),
            device(
                "door-17",
                last={"kind": "contact", "at": at("09:41"), "said": {"open": True}},
                holder={"kind": "worker", "id": "w-1", "name": "李秀英"},
                since=at("06:00"),
                dialect="zigbee2mqtt",
                clock={
                    "ahead_ms": -90_000,
                    "by": "observed",
                    "messages": 4,
                    "since": at("09:00"),
                    "verdict": "behind_or_late",
                },
            ),
        ]
        self.devices = {each["device"]: whole(each) for each in found}
        stub.staff |= {
            "/v1/devices": self._list,
            "/v1/dialects": {
                "dialects": ["native", "owntracks", "zigbee2mqtt"],
                "models": [{"model": "dragino-trackerd", "title": "Dragino TrackerD"}],
            },
            "/v1/sites": lambda query: {
                "items": [
                    {"site": "s-2", "name": "翠湖花园 3 号楼", "address": "", "customer_name": "王建国"},
                    {"site": "s-3", "name": "和平里 5 号楼", "address": "", "customer_name": None},
                ][: 1 if query.get("q") == "翠湖" else 2],
                "next": None,
            },
        }
        for name in self.devices:
            self._serve(stub, name, name)
            self._serve(stub, name, name.replace(":", "%3A"))

    def _serve(self, stub: Stub, name: str, spelt: str) -> None:
        path = f"/v1/devices/{spelt}"
        stub.staff[path] = lambda query: self.devices[name]
        stub.deeds[f"{path}/bindings"] = lambda body: self._bind(name, body)
        stub.deeds[f"{path}/unbind"] = lambda body: self._change(name, holder=None, since=None)
        stub.deeds[f"{path}/settings"] = lambda body: self._change(
            name, settings={**self.devices[name]["settings"], **body}
        )
        stub.deeds[f"{path}/clock-corrections"] = lambda body: self._change(
            name,
            clock_offset_ms=body["offset_ms"],
            corrections=[{"until": None, **body, "by": "staff", "at": at("10:05")}],
        )

    def _bind(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        kind = "worker" if "worker" in body else "site"
        holder = {"kind": kind, "id": body[kind], "name": None}
        binding = {"holder": holder, "from": body["from"], "until": body.get("until")}
        return self._change(name, holder=holder, since=body["from"], bindings=[binding])

    def _change(self, name: str, **changes: Any) -> dict[str, Any]:
        self.devices[name] |= changes
        return {"kind": "binding", "id": name, "outcome": "created", "position": 3}

    def _list(self, query: dict[str, str]) -> dict[str, Any]:
        everything = sorted(self.devices.values(), key=lambda each: each["holder"] is not None)
        unknown = sum(each["holder"] is None for each in everything)
        wanted = {"all": (True, False), "unknown": (True,), "bound": (False,)}[query.get("state", "all")]
        found = [each for each in everything if (each["holder"] is None) in wanted]
        found = [each for each in found if query.get("q", "") in each["device"]]
        return {"items": found, "unknown": unknown, "bound": len(everything) - unknown, "next": None}


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
def registry(stub: Stub) -> Registry:
    return Registry(stub)


@pytest.mark.parametrize(("language", "size"), WALKS)
def test_an_unknown_device_is_found_and_bound_from_its_first_message(
    browser: Browser, stub: Stub, registry: Registry, language: str, size: dict[str, int]
) -> None:
    texts = TEXTS[language]
    with opened(browser, size, locale=language) as page:
        enter(page, stub)
        page.get_by_role("link", name=texts["tab"], exact=True).click()
        rows = page.get_by_test_id("devices").locator("[data-device]")
        expect(rows).to_have_count(4)
        expect(rows.first).to_contain_text(texts["unknown"])
        expect(rows.first).to_contain_text(texts["last"])
        expect(rows.nth(2)).to_have_attribute("data-state", "bound")
        fits(page)

        rows.first.get_by_role("link").click()
        detail = page.get_by_test_id("device")
        expect(detail.get_by_role("heading", level=2)).to_be_focused()
        expect(detail.get_by_test_id("contradictions")).to_contain_text(texts["contradiction"])
        expect(detail.get_by_test_id("clock-warning")).to_contain_text(texts["ahead"])
        expect(detail.get_by_test_id("recent").locator("li")).to_have_count(3)
        fits(page)

        expect(detail.get_by_test_id("send-bind")).to_be_disabled()
        expect(detail.get_by_label(texts["first"])).to_be_checked()
        detail.get_by_test_id("choose-worker").select_option("w-1")
        detail.get_by_test_id("send-bind").click()
        expect(detail.get_by_test_id("periods")).to_be_visible()
        expect(detail.get_by_test_id("bind").get_by_role("status")).to_contain_text(texts["bound"])
        path, body, key = stub.done[-1]
        assert path == "/v1/devices/owntracks-jane-iphone/bindings"
        assert body == {"worker": "w-1", "from": at("08:11")}
        assert key


@pytest.mark.parametrize(("language", "size"), WALKS[:1])
def test_a_tag_is_bound_to_a_place_from_a_past_day_in_the_places_time(
    browser: Browser, stub: Stub, registry: Registry, language: str, size: dict[str, int]
) -> None:
    texts = TEXTS[language]
    # Somebody on a journey sees and enters the cell's time, not their own.
    with opened(browser, size, locale=language, timezone_id="America/New_York") as page:
        enter(page, stub, "devices/tag:74103794")
        form = page.get_by_test_id("bind")
        form.get_by_text(texts["place"], exact=True).click()
        form.get_by_role("searchbox").fill("翠湖")
        expect(form.get_by_test_id("choose-site").locator("option")).to_have_count(2)
        form.get_by_test_id("choose-site").select_option("s-2")
        form.get_by_label(texts["other"]).first.check()
        times = form.locator("input[type=datetime-local]")
        expect(times.first).to_have_value("2025-10-21T08:11")
        times.first.fill("2025-10-19T08:30")
        times.last.fill("2025-10-30T20:00")
        form.get_by_test_id("send-bind").click()
        expect(form.get_by_test_id("periods")).to_be_visible()
        assert stub.done[-1][1] == {
            "site": "s-2",
            "from": "2025-10-19T00:30:00.000Z",
            "until": "2025-10-30T12:00:00.000Z",
        }
        fits(page)


@pytest.mark.parametrize(("language", "size"), WALKS[1:])
def test_settings_are_saved_and_a_wrong_field_map_is_pointed_at(
    browser: Browser, stub: Stub, registry: Registry, language: str, size: dict[str, int]
) -> None:
    texts = TEXTS[language]
    with opened(browser, size, locale=language) as page:
        enter(page, stub, "devices/door-17")
        part = page.get_by_test_id("settings-part")
        part.locator("summary").click()
        form = page.get_by_test_id("settings")
        expect(form.locator("select").first).to_have_value("zigbee2mqtt")
        form.locator("select").nth(1).select_option(label=texts["crs"])
        fields = form.locator("textarea")
        fields.fill("lat = decoded.Latitude\nlon")
        expect(form).to_contain_text(texts["wrong"])
        expect(form.get_by_test_id("send-settings")).to_be_disabled()
        fields.fill("lat = decoded.Latitude\n\nlon=decoded.Longitud")
        form.get_by_test_id("send-settings").click()
        expect(part.locator("summary")).to_contain_text(texts["crs"])
        assert stub.done[-1][1] == {
            "dialect": "zigbee2mqtt",
            "crs": "gcj02",
            "fields": {"lat": "decoded.Latitude", "lon": "decoded.Longitud"},
        }
        fits(page)


@pytest.mark.parametrize(("language", "size"), WALKS[:1])
def test_a_clock_is_corrected_by_its_estimate_with_a_reason_and_that_is_taken_back(
    browser: Browser, stub: Stub, registry: Registry, language: str, size: dict[str, int]
) -> None:
    texts = TEXTS[language]
    with opened(browser, size, locale=language) as page:
        enter(page, stub, "devices/owntracks-jane-iphone")
        part = page.get_by_test_id("clock-part")
        part.get_by_text(texts["correct"], exact=True).first.click()
        part.get_by_test_id("adopt").click()
        expect(part.locator("input[type=number]")).to_have_value("3602")
        part.locator("input[type=datetime-local]").first.fill("2025-10-21T08:00:00")
        expect(part.get_by_test_id("send-correct")).to_be_disabled()
        part.get_by_role("textbox").last.fill("手机时间设错")
        part.get_by_test_id("send-correct").click()
        expect(part).to_contain_text(texts["corrected"])
        assert stub.done[-1][1] == {"offset_ms": -3_602_000, "from": at("08:00"), "reason": "手机时间设错"}
        part.get_by_test_id("corrections").get_by_role("button").click()
        expect(part.get_by_test_id("corrections").get_by_role("button")).to_have_count(0)
        assert stub.done[-1][1]["offset_ms"] == 0
        fits(page)


def test_the_list_is_narrowed_by_state_and_by_what_is_typed_and_keeps_its_address(
    browser: Browser, stub: Stub, registry: Registry
) -> None:
    with opened(browser, PHONE) as page:
        enter(page, stub, "devices")
        rows = page.get_by_test_id("devices").locator("[data-device]")
        expect(rows).to_have_count(4)
        page.get_by_role("button", name="未知").click()
        expect(rows).to_have_count(2)
        page.get_by_role("searchbox").fill("tag")
        expect(rows).to_have_count(1)
        rows.get_by_role("link").click()
        expect(page.get_by_test_id("device")).to_contain_text("reader-3")
        page.go_back()
        expect(page.get_by_role("searchbox")).to_have_value("tag")
        page.get_by_role("searchbox").fill("nothing like it")
        expect(page.get_by_text(TEXTS["zh-CN"]["none"])).to_be_visible()


def test_one_device_is_bound_and_unbound_with_the_keyboard_alone(
    browser: Browser, stub: Stub, registry: Registry
) -> None:
    with opened(browser, WIDE) as page:
        enter(page, stub, "devices/door-17")
        page.get_by_test_id("bind").locator("summary").focus()
        page.keyboard.press("Enter")
        page.get_by_test_id("unbind").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("device").locator("header")).to_contain_text("未知设备")
        assert stub.done[-1][0] == "/v1/devices/door-17/unbind"
