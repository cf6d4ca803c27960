"""Compiles hl7apy's dictionaries into ours. Run when they change; nothing at run time needs hl7apy.

    python -m hl7v2_gateway.grammar.compiling

hl7apy (CRS4, MIT licence) has the structures, segments and data types of every version as Python
modules. Here each is written once, however many versions share it, as JSON that is read in
milliseconds.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from hl7v2_gateway.grammar.syntax import Node, write
from hl7v2_gateway.grammar.versions import VERSIONS

FOLDER: Final = Path(__file__).parent / "dictionary"
_NO_SEGMENT: Final = {"ANYHL7SEGMENT"}
"""A place holder of hl7apy."""


def _module(version: str, name: str) -> Any:
    return importlib.import_module(f"hl7apy.v{version.replace('.', '_')}.{name}")


def structure(name: str, definition: Sequence[Any]) -> str:
    """A message of hl7apy in the syntax of the standard."""
    return write(_nodes(name, definition), choice=definition[0] == "choice")


def _nodes(message: str, definition: Sequence[Any]) -> tuple[Node, ...]:
    nodes = []
    for name, reference, (least, most), kind in definition[1]:
        if kind == "GRP":
            if not reference[1]:
                continue  # two groups of hl7apy hold nothing
            nodes.append(
                Node(
                    name[len(message) + 1 :],
                    least > 0,
                    most != 1,
                    _nodes(message, reference),
                    reference[0] == "choice",
                )
            )
        else:
            nodes.append(Node(name, least > 0, most != 1))
    return tuple(nodes)


def parts(definition: Sequence[Any]) -> list[str]:
    """The fields of a segment, or the components of a data type, a text each."""
    children = definition
    if definition and isinstance(definition[0], str):
        children = definition[1] if len(definition) > 1 else ()
    numbered = {int(child[0].rsplit("_", 1)[1]): child for child in children}
    return [
        _part(numbered[n]) if n in numbered else "" for n in range(1, max(numbered, default=0) + 1)
    ]


def _part(child: Sequence[Any]) -> str:
    """`PATIENT_NAME|XPN|1|*|HL70000`: name, data type, cardinality, table."""
    _, reference, (least, most), _ = child
    type_, name, table = (list(reference[2:5]) if reference else []) + [None] * (
        0 if reference else 3
    )
    return "|".join(
        [name or "-", type_ or "-", str(least), "*" if most == -1 else str(most), table or "-"]
    )


class _Pool:
    """Values, each written once and named by its number."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}

    def number(self, value: Any) -> int:
        return self.numbers.setdefault(value, len(self.numbers))

    @property
    def values(self) -> list[Any]:
        return list(self.numbers)


def compiled() -> dict[str, str]:
    """The files of the dictionary, as texts by their names."""
    structures = _Pool()
    messages = {
        version: {
            name: structures.number(structure(name, definition))
            for name, definition in sorted(_module(version, "messages").MESSAGES.items())
        }
        for version in VERSIONS
    }
    return {
        "structures.json": _json({"structures": structures.values, "versions": messages}),
        "segments.json": _partitioned(
            (version, name, parts(definition))
            for version in VERSIONS
            for name, definition in sorted(_module(version, "segments").SEGMENTS.items())
            if name not in _NO_SEGMENT
        ),
        "datatypes.json": _partitioned(
            (version, name, parts(definition))
            for version in VERSIONS
            for name, definition in sorted(_module(version, "datatypes").DATATYPES_STRUCTS.items())
        ),
    }


def _partitioned(definitions: Iterable[tuple[str, str, list[str]]]) -> str:
    pool, lists = _Pool(), _Pool()
    versions: dict[str, dict[str, int]] = {}
    for version, name, texts in definitions:
        numbers = tuple(pool.number(text) for text in texts)
        versions.setdefault(version, {})[name] = lists.number(numbers)
    return _json({"parts": pool.values, "lists": lists.values, "versions": versions})


def _json(content: dict[str, Any]) -> str:
    """JSON with a line for each entry, so that a difference can be read."""
    entries = []
    for key, value in content.items():
        if isinstance(value, dict):
            inner = ",\n".join(
                f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}" for k, v in value.items()
            )
            entries.append(f"{json.dumps(key)}:{{\n{inner}\n}}")
        else:
            inner = ",\n".join(json.dumps(v, separators=(",", ":")) for v in value)
            entries.append(f"{json.dumps(key)}:[\n{inner}\n]")
    return "{" + ",\n".join(entries) + "}\n"


def main() -> None:
    for name, text in compiled().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(f"{name}: {len(text):,} characters")  # noqa: T201 - a command for developers


if __name__ == "__main__":
    main()
