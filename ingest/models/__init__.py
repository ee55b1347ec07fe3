"""How trackers name what they say: one field map a model, as data. Which file describes a device is a setting of it.

The names on the left are ours (ingest/tracker_fields.py), with their units. On the right stand the places to look in
what the network's decoder made of the payload, the first that holds something first.
"""

from __future__ import annotations

from importlib.resources import files

import msgspec

GENERIC = "generic"
"""The map of devices for which the registry names no model."""


class FieldMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`title`: the device in words; `source`, `also`: where its format is published.

    `fields`: our name to paths, whose parts are joined by dots: a key of an object, or `key=value` for the first
    object with that value within a list, however deep in further lists. `words`: what the device's own words mean, by
    our name. `zone`: of times without one, because the network's decoder writes the device's UTC.
    """

    title: str
    source: str
    fields: dict[str, list[str]]
    also: list[str] = []
    words: dict[str, dict[str, bool | str]] = {}
    zone: str | None = None


def _all() -> dict[str, FieldMap]:
    found = [each for each in files(__name__).iterdir() if each.name.endswith(".json")]
    return {each.name.removesuffix(".json"): msgspec.json.decode(each.read_bytes(), type=FieldMap) for each in found}


MODELS: dict[str, FieldMap] = _all()
"""Every map by the name of its file."""
