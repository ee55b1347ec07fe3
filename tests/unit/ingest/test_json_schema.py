"""The published JSON Schema says what the codec reads."""

from __future__ import annotations

import json

from ingest import wire
from ingest.json_schema import native_schema


def test_every_kind_is_described_as_one_object_or_an_array() -> None:
    schema = native_schema()
    for kind in wire.KINDS:
        one, many = schema["$defs"][kind]["anyOf"]
        assert many == {"type": "array", "items": one}
        shape = schema["$defs"][one["$ref"].rpartition("/")[2]]
        assert shape["type"] == "object"
        assert {"time", "id", "sent", "worker"} <= shape["properties"].keys()
        assert "additionalProperties" not in shape


def test_requirements_and_ranges_are_those_of_the_wire() -> None:
    position = native_schema()["$defs"]["Position"]
    assert sorted(position["required"]) == ["lat", "lon", "time"]
    assert position["properties"]["lat"] | {"description": ""} == {
        "type": "number",
        "minimum": -90,
        "maximum": 90,
        "description": "",
    }
    assert {"type": "string", "format": "date-time"} in position["properties"]["time"]["anyOf"]
    assert sorted(native_schema()["$defs"]["Check"]["required"]) == ["time"]
    assert "required" not in native_schema()["$defs"]["Status"] or not native_schema()["$defs"]["Status"]["required"]


def test_every_reference_leads_somewhere() -> None:
    schema = native_schema()
    text = json.dumps(schema)
    for part in text.split('"$ref": "')[1:]:
        reference = part.partition('"')[0]
        assert reference.removeprefix("#/$defs/") in schema["$defs"]
