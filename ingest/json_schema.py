"""The native wire format as JSON Schema, made from the very types that the codec reads with."""

from __future__ import annotations

from typing import Any

import msgspec

from ingest import topics, wire

_REF = "#/$defs/{name}"


def native_schema() -> dict[str, Any]:
    """A JSON Schema (2020-12): `#/$defs/<kind>` is what a payload of that kind must be, one object or an array."""
    shapes = {kind: shape.__name__ for kind, shape in wire.KINDS.items()}
    _, definitions = msgspec.json.schema_components([*wire.KINDS.values(), wire.CellTime], ref_template=_REF)
    for kind, shape in shapes.items():
        one = {"$ref": _REF.format(name=shape)}
        definitions[kind] = {"title": kind, "anyOf": [one, {"type": "array", "items": one}]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Doorstep's native wire format, version 1",
        "description": (
            f"Topics {topics.PREFIX}<device>/<kind>; <device> is [A-Za-z0-9_-]{{1,64}}. The payload is UTF-8 JSON, "
            "#/$defs/<kind>. Unknown fields are kept. "
            f"{topics.CLOCK} carries #/$defs/CellTime in cells that follow the wire's time."
        ),
        "anyOf": [{"$ref": _REF.format(name=kind)} for kind in shapes],
        "$defs": definitions,
    }
