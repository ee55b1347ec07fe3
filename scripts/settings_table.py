"""Writes the tables of settings in docs/operating.md from doorstep/settings.py; with --check says whether they differ.

.venv/bin/python scripts/settings_table.py [--check]
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import msgspec
from msgspec.inspect import type_info

from doorstep.settings import PREFIX, Settings

FILE = Path(__file__).parents[1] / "docs/operating.md"
BEGIN, END = "<!-- settings: scripts/settings_table.py writes from here -->", "<!-- to here -->"


def table() -> Iterator[str]:
    """The table's lines: one heading for each group, one line for each setting."""
    described = {field.name: field.type for field in type_info(Settings).fields}
    defaults = {field.name: field.default for field in msgspec.structs.fields(Settings)}
    for group, names in _groups():
        yield f"\n**{group}**\n\n| variable | default | what it is |\n|---|---|---|"
        for name in names:
            what = (getattr(described[name], "extra_json_schema", None) or {})["description"]
            yield f"| `{PREFIX}{name.upper()}` | {_shown(defaults[name])} | {what.replace('|', chr(92) + '|')} |"


def _groups() -> Iterator[tuple[str, list[str]]]:
    """As the class's comments part them."""
    body = inspect.getsource(Settings).split('"""', 2)[2].split("@classmethod")[0]
    for part in re.split(r"^    # ", body, flags=re.MULTILINE)[1:]:
        title = part.splitlines()[0].partition(" (")[0]
        yield title, re.findall(r"^    (\w+): Annotated", part, re.MULTILINE)


def _shown(default: object) -> str:
    if default is None:
        return ""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default.value if isinstance(default, Enum) else default}`"


def main() -> None:
    text = FILE.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    wanted = f"{before}{BEGIN}\n" + "\n".join(table()) + f"\n\n{END}{after}"
    if wanted == text:
        return
    if "--check" in sys.argv:
        sys.exit(f"{FILE.name} and doorstep/settings.py differ: run scripts/settings_table.py")
    FILE.write_text(wanted)


if __name__ == "__main__":
    main()
