"""Presses in the words of many makers."""

from __future__ import annotations

import pytest

from ingest.presses import Press, pressed


@pytest.mark.parametrize(
    ("action", "press"),
    [
        ("single", Press("single", None, True)),
        ("DOUBLE", Press("double", None, True)),
        ("hold", Press("long", None, True)),
        ("single_push", Press("single", None, True)),
        ("quadruple", Press("double", None, False)),
        ("long_double_push", Press("long", None, False)),
        ("long_press", Press("long", None, True)),
        ("2_double", Press("double", "2", True)),
        ("up_press", Press("single", "up", True)),
        ("on", Press("single", "on", True)),
    ],
)
def test_what_is_a_press(action: str, press: Press) -> None:
    assert pressed(action) == press


@pytest.mark.parametrize("action", ["", "_", "release", "on_hold_release", "btn_down", "btn_up", "rotate_left", "on_2"])
def test_what_is_none(action: str) -> None:
    assert pressed(action) is None
