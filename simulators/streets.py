"""The made city that the simulated days happen in: a grid of named streets, water, parks, compounds beside streets.

Whatever is drawn from this shows bikes on its streets. Everything is fixed: no seed changes it. Shapes are in metres
east and north of the town's middle (`Point`; `Point.degrees` is WGS-84 latitude and longitude):

    STREETS    Street(name, kind "main" | "side", line): a straight piece of street from one end to the other. A side
               street that is interrupted has several pieces of one name; pieces cross others wherever they meet
    WATER      Area(name, ring): polygons, the first corner is not repeated at the end; streets that cross are bridges
    PARKS      Area(name, ring)
    COMPOUNDS  Compound(name, street, number, ring, gate, at): the outline, where its way meets the street's line, and
               the middle, where the doors are
    BOUNDS     (south-west, north-east) of everything but the river, which goes on
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, product
from math import sin
from random import Random
from typing import Literal, NamedTuple

from simulators.town import Point, distance_m, from_grid

Kind = Literal["main", "side"]

EDGE_M = 6_300.0
"""The grid reaches so far from the middle along its own axes."""
_MAIN_HALF_M, _SIDE_HALF_M = 16.0, 9.0
"""From a street's line to the walls beside it."""
_MISSING = 0.12
"""Share of the side streets' pieces that were never built."""
_COMPOUNDS = 300
_APART_M = 420.0

# Name and place across: metres along the grid's other axis.
_EAST_WEST = (
    *(("龙漕路", -6240.0), ("漕宝路", -5180.0), ("田林路", -4150.0), ("宜山路", -3090.0), ("虹桥路", -2060.0)),
    *(("安顺路", -1010.0), ("延安西路", 30.0), ("天山路", 1080.0), ("长宁路", 2120.0), ("光复西路", 3230.0)),
    *(("曹杨路", 4260.0), ("石泉路", 5310.0), ("真如路", 6300.0)),
)
_NORTH_SOUTH = (
    *(("剑河路", -6280.0), ("哈密路", -5230.0), ("北虹路", -4170.0), ("古北路", -3140.0), ("娄山关路", -2080.0)),
    *(("中山西路", -1040.0), ("凯旋路", 20.0), ("江苏路", 1070.0), ("华山路", 2130.0), ("常熟路", 3160.0)),
    *(("陕西南路", 4220.0), ("瑞金二路", 5250.0), ("黄陂南路", 6290.0)),
)
_SIDE_NAMES = (
    *("桂花", "玉兰", "海棠", "丁香", "茉莉", "蔷薇", "芙蓉", "紫藤", "石榴", "枇杷", "樱桃", "杏花", "梅岭", "兰溪"),
    *("菊园", "荷塘", "竹林", "松涛", "柏树", "银杏", "枫林", "槐荫", "柳浪", "桑园", "青莲", "白鹤", "黄鹂", "翠湖"),
    *("碧云", "晨光", "朝阳", "明月", "清泉", "长乐", "永安", "安福", "康宁", "和平", "友谊", "团结", "勤俭", "书院"),
    *("学士", "状元", "琴台", "墨池"),
)
_COMPOUND_NAMES = (
    *("梧桐", "兰亭", "桂香", "海棠", "银杏", "玉兰", "晨光", "江苏", "古北", "新泾", "石泉", "龙华", "瑞金", "漕溪"),
    *("天山", "仙霞", "虹桥", "曹杨", "华山", "安顺", "延安", "凯旋", "康平", "永嘉", "泰安", "新华", "武康", "复兴"),
    *("愚园", "长风"),
)
_COMPOUND_KINDS = ("苑", "园", "新村", "家园", "小区", "里", "雅居", "公寓", "花园", "名邸")

_CREEK_GAP = 8
"""The creek lies between this street from the south and the next; no side street runs along it or across."""
_PARK_BLOCKS = {"中山公园": (6, 7), "天山公园": (3, 7), "桂林公园": (2, 1), "长风公园": (5, 9), "徐家汇公园": (8, 4)}
"""By name: which gap between main streets from the west, and which from the south."""


class Street(NamedTuple):
    """A straight piece of a street."""

    name: str
    kind: Kind
    line: tuple[Point, Point]


class Area(NamedTuple):
    """A polygon."""

    name: str
    ring: tuple[Point, ...]


class Compound(NamedTuple):
    """Where customers live: a walled group of houses beside a street."""

    name: str
    street: str
    number: int
    ring: tuple[Point, ...]
    gate: Point
    at: Point


class Line(NamedTuple):
    """A street across the whole grid, some of whose pieces may be missing."""

    name: str
    kind: Kind
    place: float
    pieces: tuple[bool, ...]
    """Whether it was built between each two main streets of the other direction; see `built`."""


def _lines() -> tuple[list[Line], list[Line]]:
    """All streets by their place: those that go east, those that go north."""
    rng, names = Random("side streets"), iter(_SIDE_NAMES)
    parks = set(_PARK_BLOCKS.values())
    whole = (True,) * (len(_NORTH_SOUTH) - 1)
    directions: list[list[Line]] = []
    for streets, across in ((_EAST_WEST, False), (_NORTH_SOUTH, True)):
        lines: list[Line] = []
        for gap, ((name, place), (_, following)) in enumerate(pairwise(streets)):
            lines.append(Line(name, "main", place, whole))
            if gap == _CREEK_GAP and not across:
                continue
            for share in (1 / 3, 2 / 3):
                pieces = tuple(
                    rng.random() >= _MISSING
                    and ((gap, other) if across else (other, gap)) not in parks
                    and not (across and other == _CREEK_GAP)
                    for other in range(len(whole))
                )
                at = place + (following - place) * share + rng.uniform(-25.0, 25.0)
                lines.append(Line(f"{next(names)}路", "side", round(at, 1), pieces))
        lines.append(Line(streets[-1][0], "main", streets[-1][1], whole))
        directions.append(lines)
    return directions[0], directions[1]


def _streets(lines: list[Line], mains: tuple[tuple[str, float], ...], *, north: bool) -> Iterator[Street]:
    for line in lines:
        since: float | None = None
        for built, (_, place) in zip((*line.pieces, False), mains, strict=True):
            if built and since is None:
                since = place
            if not built and since is not None:
                ends = (
                    ((line.place, since), (line.place, place)) if north else ((since, line.place), (place, line.place))
                )
                yield Street(line.name, line.kind, (from_grid(*ends[0]), from_grid(*ends[1])))
                since = None


def _rectangle(u0: float, v0: float, u1: float, v1: float) -> tuple[Point, ...]:
    return tuple(from_grid(u, v) for u, v in ((u0, v0), (u1, v0), (u1, v1), (u0, v1)))


def _band(middle: list[tuple[float, float]], half_m: float) -> tuple[Point, ...]:
    """A band along a line that goes east, as a polygon."""
    south = [from_grid(u, v - half_m) for u, v in middle]
    return (*south, *reversed([from_grid(u, v + half_m) for u, v in middle]))


def _water() -> tuple[Area, ...]:
    low, high = _EAST_WEST[_CREEK_GAP][1], _EAST_WEST[_CREEK_GAP + 1][1]
    us = [-EDGE_M - 700.0 + 350.0 * step for step in range(41)]
    creek = [(u, (low + high) / 2 + 210.0 * sin(u / 1_100.0) + 70.0 * sin(u / 390.0)) for u in us]
    vs = [-EDGE_M - 700.0 + 350.0 * step for step in range(41)]
    bank = [from_grid(EDGE_M + 330.0 + 160.0 * sin(v / 2_300.0), v) for v in vs]
    far = [from_grid(EDGE_M + 830.0 + 200.0 * sin(v / 2_600.0), v) for v in reversed(vs)]
    west, south = _PARK_BLOCKS["长风公园"]
    u, v = _NORTH_SOUTH[west][1] + 500.0, _EAST_WEST[south][1] + 520.0
    lake = [(-230, -90), (-120, -190), (90, -170), (240, -60), (210, 110), (40, 200), (-150, 150)]
    return (
        Area("苏州河", _band(creek, 32.0)),
        Area("黄浦江", (*bank, *far)),
        Area("银锄湖", tuple(from_grid(u + du, v + dv) for du, dv in lake)),
    )


def _parks() -> tuple[Area, ...]:
    inset = _MAIN_HALF_M + 4.0
    return tuple(
        Area(
            name,
            _rectangle(
                _NORTH_SOUTH[west][1] + inset,
                _EAST_WEST[south][1] + inset,
                _NORTH_SOUTH[west + 1][1] - inset,
                _EAST_WEST[south + 1][1] - inset,
            ),
        )
        for name, (west, south) in _PARK_BLOCKS.items()
    )


def _gap(mains: tuple[tuple[str, float], ...], place: float) -> int:
    """Between which two main streets a place lies."""
    return next(gap for gap, (_, end) in enumerate(mains[1:]) if place < end)


def built(line: Line, between: tuple[Line, Line]) -> bool:
    """Whether a street was built between two neighbouring streets of the other direction."""
    mains = _NORTH_SOUTH if between[0] in NORTH else _EAST_WEST
    return line.pieces[_gap(mains, (between[0].place + between[1].place) / 2)]


def _compounds(east: list[Line], north: list[Line]) -> Iterator[Compound]:
    """One in a block at most, behind one of the block's streets, all over the town."""
    rng, taken = Random("compounds"), list[Point]()
    names = [f"{name}{kind}" for name, kind in product(_COMPOUND_NAMES, _COMPOUND_KINDS)]
    rng.shuffle(names)
    blocks = list(product(pairwise(north), pairwise(east)))
    rng.shuffle(blocks)
    for (west_of, east_of), (south_of, north_of) in blocks:
        gap_u, gap_v = _gap(_NORTH_SOUTH, east_of.place - 1.0), _gap(_EAST_WEST, north_of.place - 1.0)
        sides = (
            [("south", south_of)] * south_of.pieces[gap_u]
            + [("north", north_of)] * north_of.pieces[gap_u]
            + [("west", west_of)] * west_of.pieces[gap_v]
            + [("east", east_of)] * east_of.pieces[gap_v]
        )
        if gap_v == _CREEK_GAP or (gap_u, gap_v) in _PARK_BLOCKS.values() or not sides:
            continue
        side, street = rng.choice(sides)
        width, depth, share = rng.uniform(110.0, 170.0), rng.uniform(90.0, 125.0), rng.uniform(0.3, 0.7)
        back = (_MAIN_HALF_M if street.kind == "main" else _SIDE_HALF_M) + 5.0
        inward = 1.0 if side in ("south", "west") else -1.0
        near, far = street.place + inward * back, street.place + inward * (back + depth)
        if side in ("south", "north"):
            along = west_of.place + (east_of.place - west_of.place) * share
            ring = _rectangle(along - width / 2, min(near, far), along + width / 2, max(near, far))
            gate, at = from_grid(along, street.place), from_grid(along, (near + far) / 2)
        else:
            along = south_of.place + (north_of.place - south_of.place) * share
            ring = _rectangle(min(near, far), along - width / 2, max(near, far), along + width / 2)
            gate, at = from_grid(street.place, along), from_grid((near + far) / 2, along)
        if any(distance_m(at, other) < _APART_M for other in taken):
            continue
        taken.append(at)
        yield Compound(names[len(taken) - 1], street.name, rng.randint(9001, 9999), ring, gate, at)
        if len(taken) == _COMPOUNDS:
            return


EAST, NORTH = _lines()
"""The same streets by their place across: those that go east from the south, those that go north from the west."""
STREETS: tuple[Street, ...] = (
    *_streets(EAST, _NORTH_SOUTH, north=False),
    *_streets(NORTH, _EAST_WEST, north=True),
)
WATER = _water()
PARKS = _parks()
COMPOUNDS = tuple(_compounds(EAST, NORTH))
_REACH_M = (EDGE_M + 700.0) * 1.15
BOUNDS = (Point(-_REACH_M, -_REACH_M), Point(_REACH_M, _REACH_M))
