"""What buttons say of a press, in the words of many makers: `1_single`, `left_double`, `on_press`, `hold`."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["single", "double", "long"]


class Press(NamedTuple):
    """`button` of a device that has several; `exact`: the words say no more than `press` does."""

    press: Kind
    button: str | None
    exact: bool


_LONG = frozenset(("long", "hold", "held"))
_MORE = frozenset(("triple", "tripple", "quadruple", "quintuple", "many", "multiple"))
"""More presses than two are two that say so."""
_DOUBLE = frozenset(("double",)) | _MORE
_SINGLE = frozenset(("single", "press", "pressed", "click", "push", "short", "toggle", "initial"))
_OVER = frozenset(("release", "released", "clear"))
"""The end of a press that has been told."""
_ALONE = frozenset(("on", "off"))
"""Buttons of remotes that say their name only."""


def pressed(action: str) -> Press | None:
    """What an action says of a press; None: nothing, or the end of one."""
    words = [word for word in action.lower().split("_") if word]
    said = set(words)
    if not said.isdisjoint(_OVER):
        return None
    press: Kind | None = None
    if not said.isdisjoint(_LONG):
        press = "long"
    elif not said.isdisjoint(_DOUBLE):
        press = "double"
    elif not said.isdisjoint(_SINGLE) or (len(words) == 1 and words[0] in _ALONE):
        press = "single"
    if press is None:
        return None
    button = "_".join(word for word in words if word not in _LONG | _DOUBLE | _SINGLE)
    more = not said.isdisjoint(_MORE) or (press == "long" and not said.isdisjoint(_DOUBLE))
    return Press(press, button or None, exact=not more)
