"""A small Shanghai west of the river: places to live and work at, people, and ways between places.

Streets are real districts' approximate places (WGS-84); compounds, house numbers and people are invented. Inside the
simulators a place is metres east and north of the town's middle.
"""

from __future__ import annotations

from math import cos, hypot, radians, sin
from random import Random
from typing import NamedTuple

MIDDLE = (31.210, 121.420)
ZONE = "Asia/Shanghai"
UTC_OFFSET_H = 8

_M_PER_DEG = 111_195.0
_M_PER_DEG_LON = _M_PER_DEG * cos(radians(MIDDLE[0]))
_GRID_RAD = radians(-9.0)
"""How far the streets are turned against the compass."""
_BLOCK_M = 900.0
_EDGE_M = 7_000.0


class Point(NamedTuple):
    """Metres east and north of the middle."""

    x: float
    y: float

    @property
    def degrees(self) -> tuple[float, float]:
        """(lat, lon), WGS-84, to 1e-7."""
        return round(MIDDLE[0] + self.y / _M_PER_DEG, 7), round(MIDDLE[1] + self.x / _M_PER_DEG_LON, 7)


class Compound(NamedTuple):
    """Where a customer lives."""

    name: str
    street: str
    at: Point


class Person(NamedTuple):
    """A worker as the registry knows them."""

    name: str
    surname: str
    title: str


def _at(lat: float, lon: float) -> Point:
    return Point((lon - MIDDLE[1]) * _M_PER_DEG_LON, (lat - MIDDLE[0]) * _M_PER_DEG)


COMPOUNDS = (
    Compound("梧桐苑", "湖南路", _at(31.2080, 121.4430)),
    Compound("兰亭雅居", "田林路", _at(31.1745, 121.4215)),
    Compound("桂香园", "桂林路", _at(31.1630, 121.4160)),
    Compound("海棠新村", "曹杨路", _at(31.2395, 121.4075)),
    Compound("银杏家园", "真北路", _at(31.2520, 121.3890)),
    Compound("古北春天", "荣华东道", _at(31.1965, 121.3985)),
    Compound("江苏里", "江苏路", _at(31.2230, 121.4290)),
    Compound("静安晨光", "胶州路", _at(31.2330, 121.4420)),
    Compound("玉兰小区", "中山西路", _at(31.1935, 121.4180)),
    Compound("新泾绿洲", "天山西路", _at(31.2165, 121.3745)),
    Compound("石泉人家", "石泉路", _at(31.2490, 121.4250)),
    Compound("龙华水岸", "龙华路", _at(31.1780, 121.4500)),
    Compound("瑞金公馆", "瑞金二路", _at(31.2090, 121.4640)),
    Compound("漕溪雅苑", "漕溪北路", _at(31.1870, 121.4360)),
)

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


def inside(at: Point) -> bool:
    """Whether a place lies in this town."""
    return abs(at.x) < _EDGE_M and abs(at.y) < _EDGE_M


def street_way(rng: Random, a: Point, b: Point) -> list[Point]:
    """A way along the streets from a to b: some blocks east or west, some north or south, in turns."""
    dx, dy = b.x - a.x, b.y - a.y
    u, v = _turned(dx, dy, -_GRID_RAD)
    turns = max(round(hypot(u, v) / _BLOCK_M / 2), 1)
    along, across = _shares(rng, turns), _shares(rng, turns)
    first = rng.random() < 0.5
    at_u = at_v = 0.0
    way = [a]
    for share_u, share_v in zip(along, across, strict=True):
        for step_u in (first, not first):
            at_u, at_v = (at_u + u * share_u, at_v) if step_u else (at_u, at_v + v * share_v)
            east, north = _turned(at_u, at_v, _GRID_RAD)
            way.append(Point(a.x + east, a.y + north))
    way[-1] = b
    return way


def start_for(rng: Random, end: Point, way_m: float) -> Point:
    """A place from which the way along the streets to `end` is `way_m` long."""
    while True:
        u = way_m * rng.uniform(0.3, 0.7)
        v = way_m - u
        east, north = _turned(rng.choice((-u, u)), rng.choice((-v, v)), _GRID_RAD)
        start = Point(end.x + east, end.y + north)
        if inside(start):
            return start


def _turned(x: float, y: float, angle: float) -> tuple[float, float]:
    return x * cos(angle) - y * sin(angle), x * sin(angle) + y * cos(angle)


def _shares(rng: Random, parts: int) -> list[float]:
    weights = [rng.uniform(0.5, 1.5) for _ in range(parts)]
    return [weight / sum(weights) for weight in weights]
