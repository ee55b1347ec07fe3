"""Arrays that are packed at once are to the server what lists are."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import numpy as np
import psycopg
import pytest

from projections.arrays import Packed, integers, repeated, texts, uuids

_ABSENT = np.array([False, True, False])
_NONE = np.zeros(3, np.bool_)


@pytest.mark.parametrize(
    ("packed", "kind", "said"),
    [
        (integers(np.array([1, -2, 2**31 - 1]), 4), "int4[]", [1, -2, 2**31 - 1]),
        (integers(np.array([1, -(2**31), 3]), 4, absent=_ABSENT), "int4[]", [1, None, 3]),
        (integers(np.array([-1, 5, 2**62]), 8, absent=_NONE), "int8[]", [-1, 5, 2**62]),
        (integers(np.array([1, 2, 3]), 8, absent=~_NONE), "int8[]", [None, None, None]),
        (integers(np.array([], np.int64), 8), "int8[]", []),
        (uuids([bytes(range(16)), bytes(16)]), "uuid[]", [UUID(bytes=bytes(range(16))), UUID(int=0)]),
        (texts(["门".encode(), None, b""]), "text[]", ["门", None, ""]),
        (texts([]), "text[]", []),
        (repeated(["a", "门-2"], np.array([1, 0, 1], np.int32)), "text[]", ["门-2", "a", "门-2"]),
    ],
)
def test_what_is_packed_is_what_the_server_reads(database: str, packed: Packed, kind: str, said: list[Any]) -> None:
    with psycopg.connect(database) as conn:
        row = conn.execute(f"SELECT %b::{kind}, cardinality(%b::{kind})", (packed, packed)).fetchone()  # type: ignore[arg-type]
    assert row is not None
    assert (row[0], row[1], len(packed)) == (said, len(said), len(said))
    assert list(packed) == said
