"""A table as people save it: whatever Excel made of it becomes a header and lines of cells, each with its number.

Excel writes UTF-8 with a mark, the local encoding or UTF-16; parts columns by comma, semicolon or tab, sometimes
saying so in a first line `sep=;`; and keeps what was once filled as empty lines and cells at the end.
"""

from __future__ import annotations

import csv
import io
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Collection

import msgspec

from domain.errors import Rejected

DELIMITERS = ",;\t"
_SEPARATOR = re.compile(r'"?sep=(.)"?\s*')


class Line(msgspec.Struct, frozen=True):
    """One row that says something. `number`: the line of the file on which it begins, from 1; `cells`: by column,
    stripped, without the empty ones; `beyond`: it has more cells than there are columns."""

    number: int
    cells: dict[str, str]
    beyond: bool


def read(body: bytes, columns: Collection[str], needed: Collection[str]) -> list[Line]:
    """The rows of a table. Raises Rejected `invalid_csv` or `invalid_header`, saying all that is wrong with it."""
    text = _decode(body)
    skipped = 0
    first, _, rest = text.partition("\n")
    said = _SEPARATOR.fullmatch(first)
    if said is not None:
        text, skipped = rest, 1
    delimiter = said[1] if said is not None else _delimiter(text, columns)
    rows = _rows(text, delimiter, skipped)
    if not rows:
        raise Rejected("the table is empty: its first line names the columns", code="invalid_header")
    header = _header(rows[0][1], columns, needed)
    return [_line(number, cells, header) for number, cells in rows[1:]]


def _decode(body: bytes) -> str:
    encodings = ["utf-16"] if body.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Rejected("the table is neither UTF-8 nor GB18030", code="invalid_csv")


def _delimiter(text: str, columns: Collection[str]) -> str:
    """The one that parts the first line into the most columns that we know."""
    first = next((line for line in text.splitlines() if line.strip(DELIMITERS + " ")), "")
    return max(DELIMITERS, key=lambda sign: sum(_name(cell) in columns for cell in first.split(sign)))


def _rows(text: str, delimiter: str, skipped: int) -> list[tuple[int, list[str]]]:
    """Rows with anything in them, each with the number of its first line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((begins + skipped, cells))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise Rejected(f"line {begins + skipped} cannot be read: {error}", code="invalid_csv") from None
    return rows


def _header(cells: list[str], columns: Collection[str], needed: Collection[str]) -> list[str]:
    names = [_name(cell) for cell in cells]
    while names and not names[-1]:
        names.pop()
    wrong = []
    if missing := [name for name in needed if name not in names]:
        wrong.append(f"it lacks {', '.join(missing)}")
    if strange := [name or "a column without a name" for name in names if name not in columns]:
        wrong.append(f"it does not know {', '.join(dict.fromkeys(strange))}")
    if twice := [name for name in dict.fromkeys(names) if name and names.count(name) > 1]:
        wrong.append(f"it has {', '.join(twice)} more than once")
    if wrong:
        known = ", ".join(columns)
        raise Rejected(f"the header is wrong: {'; '.join(wrong)} (columns: {known})", code="invalid_header")
    return names


def _name(cell: str) -> str:
    return cell.strip().strip('"').strip().lower()


def _line(number: int, cells: list[str], header: list[str]) -> Line:
    said = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if cell.strip()}
    return Line(number, said, any(cell.strip() for cell in cells[len(header) :]))
