"""The definitions of the extensions that keep whole fields: to `profiles/hl7v2/`, in one Bundle.

    python -m hl7v2_gateway.outbound.kept_definitions

`hl7v2-PV2.23` is a field, `hl7v2-ACC` a segment with its fields. What a field holds is defined once
for each data type (`hl7v2-kept-XCN`): components are parts, named by their numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from fhirserver import content
from fhirserver.model import json
from hl7v2_gateway.grammar.definitions import datatype
from hl7v2_gateway.grammar.definitions import segment as fields_of
from hl7v2_gateway.mapping.compiling.extensions import FOLDER
from hl7v2_gateway.mapping.keeping import TYPED
from hl7v2_gateway.mapping.paths import EXTENSIONS
from hl7v2_gateway.outbound import kept

NAME: Final = "Bundle-hl7v2-fields.json"
VERSIONS: Final = ("2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.2")
_SAME: Final[Mapping[str, str]] = {"CE": "CWE", "CNE": "CWE", "TS": "DTM", "DT": "DTM"}
_FEWEST: Final = 9
"""Parts of a type that has no components by the standard, but for senders who write some."""
_BASE: Final = "http://hl7.org/fhir/StructureDefinition/Extension"

Definition = dict[str, Any]


def bundle() -> bytes:
    """All definitions, one in each line."""
    lines = [json.dump({"resource": one}) for one in _definitions()]
    head = b'{"resourceType": "Bundle", "id": "hl7v2-fields", "type": "collection", "entry": [\n'
    return head + b",\n".join(lines) + b"\n]}\n"


def _definitions() -> Iterator[Definition]:
    fields = dict(sorted(_fields().items()))
    kinds = {_kind(types): types for types, _, _ in fields.values()}
    for kind, types in sorted(kinds.items()):
        yield _of_kind(kind, types)
    for name in sorted({segment for segment, _ in fields if kept.whole(segment)}):
        yield _of_segment(name)
    for (segment, number), (types, name, contexts) in fields.items():
        words = name.replace("_", " ").lower()
        yield _definition(
            f"{segment}.{number}",
            f"{segment}-{number}, {words}, where R4 has no element for it.",
            contexts,
            [],
            base=f"{EXTENSIONS}kept-{_kind(types)}",
        )


def _fields() -> dict[tuple[str, int], tuple[frozenset[str], str, list[Definition]]]:
    """The types, the name and the contexts of each field that may be kept."""
    found: dict[tuple[str, int], tuple[frozenset[str], str, list[Definition]]] = {}
    for segment in kept.segments():
        homes = [*kept.homes(segment), *([""] if kept.whole(segment) else [])]
        contexts = [{"type": "element", "expression": h} for h in homes if h]
        if kept.whole(segment):
            contexts.append({"type": "extension", "expression": EXTENSIONS + segment})
        names = {p.number: p.name for v in VERSIONS for p in fields_of(segment, v)}
        for home in homes:
            for version in VERSIONS:
                for number, (kind, _) in kept.fields(segment, home, version).items():
                    types, name, _ = found.get(
                        (segment, number), (frozenset(), names.get(number, ""), contexts)
                    )
                    found[segment, number] = types | {_SAME.get(kind, kind)}, name, contexts
    return found


def _kind(types: frozenset[str]) -> str:
    """What the definition of some data types is called.

    >>> _kind(frozenset({"ST", "CWE"})), _kind(frozenset({"ST", "ID"}))
    ('CWE', 'text')
    """
    known = sorted(t for t in types if t in TYPED or datatype(t, VERSIONS[-1]) or _parts(t))
    return "-".join(known).replace("_", "") or "text"


def _of_kind(kind: str, types: frozenset[str]) -> Definition:
    names = {str(n) for n in range(1, _FEWEST + 1)}.union(*map(_parts, types))
    values = {"string", *(_value(TYPED[t][1]) for t in types if t in TYPED)}
    elements: list[Definition] = []
    for name in sorted(names, key=lambda n: [int(part) for part in n.split(".")]):
        id_ = f"Extension.extension:{name}"
        elements += [
            {"id": id_, "path": "Extension.extension", "sliceName": name},
            {"id": f"{id_}.url", "path": "Extension.extension.url", "fixedUri": name},
        ]
    elements.append({
        "id": "Extension.value[x]",
        "path": "Extension.value[x]",
        "type": [{"code": code} for code in sorted(values)],
    })  # fmt: skip
    text = f"A value of HL7 v2 ({', '.join(sorted(t for t in types if t)) or kind})."
    made = _definition(
        f"kept-{kind}", text, [{"type": "element", "expression": "Element"}], elements, base=_BASE
    )
    # Those of fields say which url.
    made["differential"]["element"] = elements
    return made | {"abstract": True}


def _of_segment(name: str) -> Definition:
    contexts = [{"type": "element", "expression": h} for h in kept.whole(name)]
    empty = {"id": "Extension.value[x]", "path": "Extension.value[x]", "max": "0"}
    text = f"The segment {name} by its fields: R4 has no resource for it."
    return _definition(name, text, contexts, [empty], base=_BASE)


def _definition(
    name: str, text: str, contexts: list[Definition], elements: list[Definition], *, base: str
) -> Definition:
    url = EXTENSIONS + name
    return {
        "resourceType": "StructureDefinition",
        "id": f"hl7v2-{name}",
        "url": url,
        "version": "1.0.0",
        "name": f"Hl7v2{name}".replace(".", "_").replace("-", ""),
        "status": "active",
        "description": text,
        "fhirVersion": "4.0.1",
        "kind": "complex-type",
        "abstract": False,
        "context": contexts,
        "type": "Extension",
        "baseDefinition": base,
        "derivation": "constraint",
        "differential": {
            "element": [
                {"id": "Extension.url", "path": "Extension.url", "fixedUri": url},
                *elements,
            ]
        },
    }


def _parts(kind: str) -> set[str]:
    """The numbers of the components of a data type, and of their subcomponents."""
    found: set[str] = set()
    for version in VERSIONS:
        for part in datatype(kind, version):
            found.add(str(part.number))
            inner = datatype(part.type, version)
            found.update(f"{part.number}.{p.number}" for p in inner[1:])
    return found


def _value(key: str) -> str:
    """The type of `valueDateTime`."""
    name = key.removeprefix("value")
    return "dateTime" if name == "DateTime" else name


def main() -> None:
    """Write the file."""
    (Path(content.folder("profiles")) / FOLDER / NAME).write_bytes(bundle())


if __name__ == "__main__":
    main()
