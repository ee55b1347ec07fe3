"""Tables as Excel saves them: marks, encodings, separators, quoted newlines, what is left at the end."""

from __future__ import annotations

import pytest

from api.sheet import Line, read
from domain.errors import Rejected

COLUMNS = ("visit", "customer", "note")
NEEDED = ("visit", "customer")


def lines(body: bytes) -> list[Line]:
    return read(body, COLUMNS, NEEDED)


def cells(text: str, encoding: str = "utf-8") -> list[dict[str, str]]:
    return [line.cells for line in lines(text.encode(encoding))]


def refused(body: bytes, code: str) -> str:
    with pytest.raises(Rejected) as refusal:
        lines(body)
    assert refusal.value.code == code
    return str(refusal.value)


TWO = [{"visit": "v-1", "customer": "c-1", "note": "厨房"}, {"visit": "v-2", "customer": "c-2"}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_one_table_however_it_is_saved(encoding: str, sign: str, end: str) -> None:
    table = end.join(["visit,customer,note", "v-1,c-1,厨房", "v-2,c-2,"]).replace(",", sign)
    assert cells(table, encoding) == TWO


def test_excel_may_say_the_separator_first() -> None:
    found = lines(b"sep=;\r\nvisit;customer;note\r\nv-1;c-1;a,b,c,d\r\n")
    assert found == [Line(3, {"visit": "v-1", "customer": "c-1", "note": "a,b,c,d"}, False)]


def test_quoted_cells_hold_separators_quotes_and_newlines() -> None:
    found = lines(b'visit,customer,note\r\nv-1,c-1,"two\r\nlines, ""quoted"""\r\nv-2,c-2,\r\n')
    assert found[0].cells["note"] == 'two\r\nlines, "quoted"'
    assert [line.number for line in found] == [2, 4], "numbered by where they begin in the file"


def test_what_was_once_filled_is_left_out() -> None:
    table = "\n\nvisit,customer,note,,\nv-1,c-1,,,\n\n,,,,\nv-2, c-2 ,  ,,\n,,,,\n\n\n"
    assert [(line.number, line.cells, line.beyond) for line in lines(table.encode())] == [
        (4, {"visit": "v-1", "customer": "c-1"}, False),
        (7, {"visit": "v-2", "customer": "c-2"}, False),
    ]


def test_a_line_may_be_shorter_but_not_longer_than_the_header() -> None:
    assert [line.beyond for line in lines(b"visit,customer\nv-1\nv-2,c-2,\nv-3,c-3,more\n")] == [False, False, True]


def test_columns_come_in_any_order_and_case() -> None:
    assert cells(" Customer ,NOTE,Visit\nc-1,x,v-1\n") == [{"customer": "c-1", "note": "x", "visit": "v-1"}]


def test_all_that_is_wrong_with_a_header_is_one_problem() -> None:
    said = refused(b"visit,vist,note,note,\nv-1,,,,\n", "invalid_header")
    assert "it lacks customer" in said
    assert "it does not know vist" in said
    assert "it has note more than once" in said


@pytest.mark.parametrize("body", [b"", b"\n\n", b"\xef\xbb\xbf", b",,,\n"])
def test_an_empty_table_has_no_header(body: bytes) -> None:
    refused(body, "invalid_header")


def test_a_header_alone_is_an_empty_plan() -> None:
    assert lines(b"visit,customer\n") == []


@pytest.mark.parametrize("body", [b"visit,customer\n\x81\x30", b'visit,customer\nv-1,"never ends\n'])
def test_what_is_no_table_is_refused_as_a_whole(body: bytes) -> None:
    refused(body, "invalid_csv")


def test_a_line_that_cannot_be_read_is_named() -> None:
    assert "line 3" in refused(b'visit,customer\nv-1,c-1\nv-2,"x"y\n', "invalid_csv")
