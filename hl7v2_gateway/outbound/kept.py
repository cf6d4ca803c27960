"""What was kept of a message that came in goes back into its fields (mapping/keeping.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import zip_longest
from typing import Any, Final

from fhirserver.fhirpath import Typed
from fhirserver.model import json
from hl7v2_gateway.grammar.definitions import segment as fields_of
from hl7v2_gateway.outbound.segments import Repetition
from hl7v2_gateway.outbound.tabulated import rules
from hl7v2_gateway.outbound.wishes import Wishes
from hl7v2_gateway.outbound.writing import Writing, writers

KEPT: Final = "https://fhirserver.example/StructureDefinition/hl7v2-"
_NEWEST: Final = "2.8.2"
_WRITTEN_AS: Final[Mapping[str, str]] = {
    "CodeableConcept": "CWE", "HumanName": "XPN", "Address": "XAD", "ContactPoint": "XTN",
    "DateTime": "DTM", "String": "ST",
}  # fmt: skip


def segments() -> Sequence[str]:
    """Segments of which something may be kept."""
    return tuple({**_table()["homes"], **_table()["whole"]})


def homes(segment: str) -> Sequence[str]:
    """What a segment's own fields belong to."""
    found: Sequence[str] = _table()["homes"].get(segment, ())
    return found


def whole(segment: str) -> Sequence[str]:
    """What a segment without a resource of its own speaks about."""
    found: Sequence[str] = _table()["whole"].get(segment, ())
    return found


@cache
def fields(segment: str, home: str, version: str) -> Mapping[int, tuple[str, bool]]:
    """The data type of each field, and whether a rule of our tables tells it."""
    wishes = Wishes(version=version)
    told = {r.field for r in rules(f"{segment}[{home}]", wishes) if r.is_for(wishes)}
    if segment == "DG1":
        told |= {r.field for r in rules("DG1[Encounter.diagnosis]", wishes)}
    structural = _table()["structural"]
    found = {}
    for part in (*fields_of(segment, _NEWEST), *fields_of(segment, version)):
        if f"{segment}-{part.number}" not in structural:
            is_told = part.number in told and f"{segment}-{part.number}" not in _table()["both"]
            found[part.number] = (part.type, is_told)
    return found


def put_back(
    name: str, table: str, node: Typed, writing: Writing, there: Mapping[int, Any]
) -> dict[int, tuple[Repetition, ...]]:
    """The fields of a segment that are kept, without those that are there."""
    known = {part.number: part.type for part in fields_of(name, writing.wishes.version)}
    found: dict[int, list[Repetition]] = {}
    prefix = f"{KEPT}{name}."
    ahead = {n for n in known if f"{name}-{n}" in _table()["first"]}
    gaps = ahead | {n for n in known if f"{name}-{n}" in _table()["both"]}
    for value in _holders(table, node, writing):
        for extension in value.get("extension", ()):
            url = extension.get("url", "")
            if not url.startswith(prefix):
                continue
            number = int(url.removeprefix(prefix))
            if number in known and (number not in there or number in gaps):
                written = _written(known[number], extension, writing)
                if written:
                    found.setdefault(number, []).append(written)
    return {
        number: tuple(_filled(there.get(number, ()) if number not in ahead else (), repetitions))
        for number, repetitions in found.items()
    }


def _filled(there: Sequence[Repetition], kept: Sequence[Repetition]) -> Iterator[Repetition]:
    """What is there, with the components that only what was kept has."""
    for one, more in zip_longest(there, kept, fillvalue=()):
        parts = zip_longest(one, more, fillvalue=())
        yield tuple(
            tuple(a or b for a, b in zip_longest(have, had, fillvalue="")) for have, had in parts
        )


def _holders(table: str, node: Typed, writing: Writing) -> Iterator[Mapping[str, Any]]:
    if isinstance(node[1], dict):
        yield node[1]
    elsewhere = _table()["read"].get(table)
    if elsewhere:
        for _, value, _ in writing.found(elsewhere, node[0], node[1]):
            if isinstance(value, dict):
                yield value


def _written(data_type: str, extension: Mapping[str, Any], writing: Writing) -> Repetition | None:
    key = next((k for k in extension if k.startswith("value")), None)
    if key is None:
        return _of_parts(extension.get("extension", ()))
    kind = key.removeprefix("value")
    if kind == "Identifier":
        as_type = data_type if data_type in {"CX", "EI"} else "CX"
    else:
        as_type = _WRITTEN_AS[kind]
    fhir_type = kind[0].lower() + kind[1:] if kind in {"String", "DateTime"} else kind
    return writers[as_type, fhir_type](extension[key], writing)


def _of_parts(parts: Sequence[Mapping[str, Any]]) -> Repetition | None:
    components: list[list[str]] = []
    for part in parts:
        number, _, sub = part["url"].partition(".")
        at, inner = int(number), int(sub or 1)
        while len(components) < at:
            components.append([])
        while len(components[at - 1]) < inner:
            components[at - 1].append("")
        components[at - 1][inner - 1] = part["valueString"]
    return tuple(tuple(c) for c in components) or None


@cache
def _table() -> Mapping[str, Any]:
    file = resources.files("hl7v2_gateway.outbound.tables").joinpath("keeping.json")
    return json.parse_object(file.read_bytes())
