"""One name for each tag and beacon, in every spelling that readers have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Unreadable
from domain.ids import REGISTERED
from domain.names import plain, spelt
from domain.tags import beacon_id, ble_id, normal_uid, tag_id


@pytest.mark.parametrize(
    "spelling",
    [
        "74103794",
        "0x74103794",
        "0X74103794",
        "74-10-37-94",
        "74:10:37:94",
        "74 10 37 94",
        "74.10.37.94",
        "0x74 0x10 0x37 0x94",
        " 74103794\r\n",
    ],
)
def test_every_spelling_of_a_serial_number_is_one_tag(spelling: str) -> None:
    assert normal_uid(spelling) == "74103794"
    assert tag_id(spelling) == "tag:74103794"


@pytest.mark.parametrize(
    ("spelling", "uid"),
    [
        ("ba839d07", "BA839D07"),
        ("04:a1:5c:22:6f:61:80", "04A15C226F6180"),
        ("0x04A15C226F6180", "04A15C226F6180"),
        ("e2-00-42-06-4f-00-60-14-05-70-0c-35", "E20042064F006014 05700C35".replace(" ", "")),
        ("0074380d", "0074380D"),
    ],
)
def test_letters_are_upper_case_and_leading_zeros_stay(spelling: str, uid: str) -> None:
    assert normal_uid(spelling) == uid


def test_decimal_numbers_of_readers_stay_as_they_are() -> None:
    """What is printed on a 125 kHz card is the same number as hex 0074380D, and looks like the hex of another card."""
    assert normal_uid("0007616525") == "0007616525"
    assert normal_uid("7616525") == "7616525"


@pytest.mark.parametrize(
    "text",
    [
        "cafe",
        "be-12",
        "74-10",
        "74:10:37",
        "74-10:37-94",
        "7410-3794",
        "074103794",
        "site-7/客厅",
        "https://example.org/t/74103794",
        "1de4b189-115e-45f6-b44e-509352269977",
        "beacon:1de4b189115e45f6b44e509352269977:0:7",
        "ble:A4C1387FC1E1",
        "",
    ],
)
def test_what_is_no_serial_number_is_what_it_says(text: str) -> None:
    assert normal_uid(f"  {text}\n") == text


@given(st.text() | st.from_regex(r"[0-9a-fx:. -]{8,20}", fullmatch=True))
def test_what_is_normal_stays(text: str) -> None:
    assert normal_uid(normal_uid(text)) == normal_uid(text)


@given(st.text(max_size=300))
def test_every_tag_can_be_registered(text: str) -> None:
    assert REGISTERED.fullmatch(tag_id(text))


def test_texts_that_differ_late_are_two_tags() -> None:
    assert tag_id("https://example.org/" + "x" * 300) != tag_id("https://example.org/" + "x" * 301)


def test_a_beacon_is_known_by_its_uuid_and_numbers() -> None:
    assert beacon_id("1DE4B189-115E-45F6-B44E-509352269977", 0, 65535) == (
        "beacon:1de4b189115e45f6b44e509352269977:0:65535"
    )
    assert REGISTERED.fullmatch(beacon_id("0x1de4b189115e45f6b44e509352269977", 1, 2))


@pytest.mark.parametrize("mac", ["A4C1387FC1E1", "a4:c1:38:7f:c1:e1", "A4-C1-38-7F-C1-E1", "0xa4c1387fc1e1"])
def test_a_bluetooth_address_is_twelve_digits(mac: str) -> None:
    assert ble_id(mac) == "ble:A4C1387FC1E1"


@pytest.mark.parametrize("junk", ["", "1de4b189", "z" * 32, "1de4b189115e45f6b44e509352269977ff"])
def test_junk_is_no_beacon_and_no_address(junk: str) -> None:
    with pytest.raises(Unreadable):
        beacon_id(junk, 0, 0)
    with pytest.raises(Unreadable):
        ble_id(junk)


@pytest.mark.parametrize(("major", "minor"), [(-1, 0), (0, -1), (65536, 0), (0, 65536)])
def test_numbers_of_a_beacon_have_two_bytes(major: int, minor: int) -> None:
    with pytest.raises(Unreadable):
        beacon_id("1de4b189115e45f6b44e509352269977", major, minor)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_names_become_ids_and_back(name: str, other: str) -> None:
    assert spelt(plain(name)) == name
    assert (plain(name) == plain(other)) == (name == other)
