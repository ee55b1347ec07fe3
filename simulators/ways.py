"""Ways along the streets of the made city: the shortest on the grid, turning only at crossings."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from heapq import heappop, heappush
from itertools import pairwise
from random import Random
from typing import NamedTuple

from simulators.streets import EAST, NORTH, Compound, Line, built
from simulators.town import Point, distance_m, from_grid, to_grid

_SIDE_COST = 1.12
"""Whoever can ride along a main street does."""
_TURN_COST_M = 40.0
_ON_IT_M = 1.0

Node = tuple[int, int]
"""A crossing: the number of its street that goes north, and of its street that goes east."""
_State = tuple[Node, bool]
"""A crossing and whether it was reached along a street that goes east."""


class Stop(NamedTuple):
    """A place on a way. `light`: a main street is crossed or met here."""

    point: Point
    light: bool = False


class _Spot(NamedTuple):
    """A place on a street, in the streets' own frame, with the crossings on either side of it."""

    at: tuple[float, float]
    along_east: bool
    line: Line
    sides: tuple[Node, Node]


def way(a: Point, b: Point) -> list[Stop]:
    """From a place on a street to another, over every crossing between. Raises ValueError off the streets."""
    start, end = _spot(a), _spot(b)
    if start.along_east == end.along_east and start.line is end.line and start.sides == end.sides:
        return [Stop(a), Stop(b)]
    nodes = _crossings(start, end)
    return [Stop(a), *(Stop(_point(node), _light(node)) for node in nodes), Stop(b)]


def length_m(stops: list[Stop]) -> float:
    """How long a way is."""
    return sum(distance_m(a.point, b.point) for a, b in pairwise(stops))


def crossing(rng: Random) -> Point:
    """Some crossing of the city."""
    return _point(rng.choice(_NODES))


def crossings_near(at: Point, from_m: float, until_m: float) -> list[Point]:
    """The crossings whose straight distance from a place lies within [from_m, until_m], in a fixed order."""
    return [point for node in _NODES if from_m <= distance_m(point := _point(node), at) <= until_m]


def start_for(rng: Random, end: Compound, way_m: float) -> Point:
    """A crossing from which the way to a compound is about `way_m` long."""
    tolerance_m = 150.0
    near = crossings_near(end.at, way_m * 0.6, way_m + tolerance_m)
    rng.shuffle(near)
    for point in near:
        if abs(length_m(way(point, end.gate)) - way_m) <= tolerance_m:
            return point
    raise ValueError(f"no crossing lies {way_m:g} m from {end.name}")


def _crossings(start: _Spot, end: _Spot) -> list[Node]:
    """A* over (crossing, direction): every turn costs a little, so that ways are as straight as they can be."""
    heap: list[tuple[float, float, _State]] = []
    best: dict[_State, float] = {}
    came: dict[_State, _State | None] = {}

    def reach(state: _State, cost: float, before: _State | None) -> None:
        if cost < best.get(state, float("inf")):
            best[state], came[state] = cost, before
            (i, j), _ = state
            ahead = abs(NORTH[i].place - end.at[0]) + abs(EAST[j].place - end.at[1])
            heappush(heap, (cost + ahead, cost, state))

    def cost_of(line: Line, length: float) -> float:
        return length * (_SIDE_COST if line.kind == "side" else 1.0)

    for node in start.sides:
        reach((node, start.along_east), cost_of(start.line, _apart(node, start.at)), None)
    goal, goal_cost = None, float("inf")
    while heap:
        estimate, cost, state = heappop(heap)
        if estimate >= goal_cost:
            break
        if cost > best[state]:
            continue
        node, along_east = state
        if node in end.sides:
            last = cost + cost_of(end.line, _apart(node, end.at)) + (along_east != end.along_east) * _TURN_COST_M
            if last < goal_cost:
                goal, goal_cost = state, last
        for neighbour, east, line in _neighbours(node):
            turn = (east != along_east) * _TURN_COST_M
            reach((neighbour, east), cost + turn + cost_of(line, _between(node, neighbour)), state)
    nodes: list[Node] = []
    while goal is not None:
        nodes.append(goal[0])
        goal = came[goal]
    return nodes[::-1]


@cache
def _neighbours(node: Node) -> tuple[tuple[Node, bool, Line], ...]:
    """Crossings that are reached without passing another, whether by a street that goes east, and which."""
    return tuple(_find_neighbours(node))


def _find_neighbours(node: Node) -> Iterator[tuple[Node, bool, Line]]:
    i, j = node
    for step in (-1, 1):
        if 0 <= i + step < len(NORTH) and built(EAST[j], (NORTH[min(i, i + step)], NORTH[max(i, i + step)])):
            yield (i + step, j), True, EAST[j]
        if 0 <= j + step < len(EAST) and built(NORTH[i], (EAST[min(j, j + step)], EAST[max(j, j + step)])):
            yield (i, j + step), False, NORTH[i]


@cache
def _point(node: Node) -> Point:
    return from_grid(NORTH[node[0]].place, EAST[node[1]].place)


def _light(node: Node) -> bool:
    return NORTH[node[0]].kind == "main" or EAST[node[1]].kind == "main"


def _apart(node: Node, at: tuple[float, float]) -> float:
    return abs(NORTH[node[0]].place - at[0]) + abs(EAST[node[1]].place - at[1])


def _between(a: Node, b: Node) -> float:
    return abs(NORTH[a[0]].place - NORTH[b[0]].place) + abs(EAST[a[1]].place - EAST[b[1]].place)


def _spot(point: Point) -> _Spot:
    u, v = to_grid(point)
    for j, line in enumerate(EAST):
        if abs(line.place - v) < _ON_IT_M:
            for i, (west, east) in enumerate(pairwise(NORTH)):
                if west.place - _ON_IT_M <= u <= east.place + _ON_IT_M and built(line, (west, east)):
                    return _Spot((u, v), True, line, ((i, j), (i + 1, j)))
    for i, line in enumerate(NORTH):
        if abs(line.place - u) < _ON_IT_M:
            for j, (south, north) in enumerate(pairwise(EAST)):
                if south.place - _ON_IT_M <= v <= north.place + _ON_IT_M and built(line, (south, north)):
                    return _Spot((u, v), False, line, ((i, j), (i, j + 1)))
    raise ValueError(f"no street passes {point}")


_NODES = tuple(
    node
    for node in ((i, j) for i in range(len(NORTH)) for j in range(len(EAST)))
    if len({east for _, east, _ in _neighbours(node)}) == 2
)
"""Where streets of both directions meet."""
