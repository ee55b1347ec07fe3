"""A small Shanghai west of the river: where it lies, how its places are measured, and its people.

Everything of it is invented, on real ground. Inside the simulators a place is metres east and north of the middle.
"""

from __future__ import annotations

from math import cos, hypot, radians, sin
from typing import NamedTuple

MIDDLE = (31.210, 121.420)
ZONE = "Asia/Shanghai"
UTC_OFFSET_H = 8

_M_PER_DEG = 111_195.0
_M_PER_DEG_LON = _M_PER_DEG * cos(radians(MIDDLE[0]))
_GRID_RAD = radians(-9.0)
"""How far the streets are turned against the compass."""


class Point(NamedTuple):
    """Metres east and north of the middle."""

    x: float
    y: float

    @property
    def degrees(self) -> tuple[float, float]:
        """(lat, lon), WGS-84, to 1e-7."""
        return round(MIDDLE[0] + self.y / _M_PER_DEG, 7), round(MIDDLE[1] + self.x / _M_PER_DEG_LON, 7)


class Person(NamedTuple):
    """A worker as the registry knows them."""

    name: str
    surname: str
    title: str


WORKERS = (
    Person("王秀兰", "王", "阿姨"),
    Person("刘建芳", "刘", "阿姨"),
    Person("赵丽娟", "赵", "阿姨"),
    Person("孙国强", "孙", "师傅"),
    Person("吴桂珍", "吴", "阿姨"),
)

CUSTOMERS = (
    *("陈女士", "李先生", "周奶奶", "林女士", "黄先生", "徐爷爷"),
    *("何女士", "马先生", "郭奶奶", "高女士", "梁先生", "谢女士"),
)


def distance_m(a: Point, b: Point) -> float:
    """Metres, straight."""
    return hypot(a.x - b.x, a.y - b.y)


def from_grid(u: float, v: float) -> Point:
    """A place in the streets' own frame: metres along the streets that go (nearly) east, and along those north."""
    return Point(*_turned(u, v, _GRID_RAD))


def to_grid(at: Point) -> tuple[float, float]:
    """A place in the streets' own frame."""
    return _turned(at.x, at.y, -_GRID_RAD)


def _turned(x: float, y: float, angle: float) -> tuple[float, float]:
    return x * cos(angle) - y * sin(angle), x * sin(angle) + y * cos(angle)
