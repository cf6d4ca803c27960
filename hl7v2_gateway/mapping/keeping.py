"""Fields that no element of FHIR has, kept as extensions of what their segment makes.

    {"url": ".../hl7v2-PV2.23", "valueString": "..."}

Each is of the FHIR type that goes with its data type of HL7 v2; what has no such type (XCN, PL, CP)
has its components as parts, named by their numbers. A segment that makes no resource (ACC, DB1) is
an extension, with its fields as parts, of the resource that it speaks about.

Which fields these are says whoever asks for the conversion (`Keep`): those that couldn't be told
to anybody again otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from fhirserver.model.resource import Resource
from hl7v2_gateway.mapping.context import Context, How
from hl7v2_gateway.mapping.datatypes import MAPS
from hl7v2_gateway.mapping.drafts import Draft
from hl7v2_gateway.mapping.paths import EXTENSIONS
from hl7v2_gateway.mapping.views import Repetition, View

TYPED: Final[Mapping[str, tuple[str, str]]] = {
    "CWE": ("cwe[codeableconcept]", "valueCodeableConcept"),
    "CE": ("cwe[codeableconcept]", "valueCodeableConcept"),
    "CX": ("cx[identifier]", "valueIdentifier"),
    "EI": ("ei[identifier]", "valueIdentifier"),
    "XPN": ("xpn[humanname]", "valueHumanName"),
    "XAD": ("xad[address]", "valueAddress"),
    "XTN": ("xtn[contactpoint]", "valueContactPoint"),
    "TS": ("dtm[datetime]", "valueDateTime"),
    "DTM": ("dtm[datetime]", "valueDateTime"),
    "DT": ("dtm[datetime]", "valueDateTime"),
}


class Keep(Protocol):
    """Which fields of a segment are to be kept, and where."""

    def homes(self, segment: str) -> Sequence[str]:
        """Types, or elements of types (`Patient.contact`), that have a segment's fields."""
        ...

    def whole(self, segment: str) -> Sequence[str]:
        """Types of which one has the whole segment, as it makes no resource of its own."""
        ...

    def fields(self, segment: str, home: str) -> Mapping[int, tuple[str, bool]]:
        """The data type of each field, and whether there is another way to tell it."""
        ...


def keep(
    wanted: Keep,
    view: View,
    filled: Iterable[Draft],
    latest: Mapping[str, Draft],
    used: Mapping[tuple[int, int, int], frozenset[int]],
    ctx: Context,
) -> None:
    """Put what is to be kept of a segment where it belongs."""
    by_type = {d.type: d for d in filled}
    for home in wanted.homes(view.name):
        node = _node(by_type, home)
        if node is None:
            continue
        if "." not in home:
            by_type[home].cleared |= _nulls(view)
        told = wanted.fields(view.name, home)
        # A segment has few of the fields that it could have.
        numbers = [
            n
            for n, repetitions in enumerate(view.fields)
            if repetitions and n in told and not (told[n][1] and (view.index, n, 0) in used)
        ]
        kept = _fields(view, numbers, told, ctx)
        if kept:
            node["extension"] = [*node.get("extension", ()), *kept]
        return
    for home in wanted.whole(view.name):
        if home in latest:
            told = wanted.fields(view.name, "")
            numbers = [n for n in range(len(view.fields)) if n in told]
            kept = _fields(view, numbers, told, ctx)
            if kept:
                made = {"url": EXTENSIONS + view.name, "extension": kept}
                latest[home].resource.setdefault("extension", []).append(made)
            return


def _nulls(view: View) -> set[str]:
    """What a null takes away of what was kept before."""
    return {
        f"extension:{EXTENSIONS}{view.name}.{number}"
        for number, repetitions in enumerate(view.fields)
        if repetitions and repetitions[0].is_null
    }


def _node(by_type: Mapping[str, Draft], home: str) -> Resource | None:
    kind, _, path = home.partition(".")
    draft = by_type.get(kind)
    if draft is None or not path:
        return None if draft is None else draft.resource
    items = draft.resource.get(path)
    if isinstance(items, list) and items and isinstance(items[-1], dict):
        found: Resource = items[-1]
        return found
    return None


def _fields(
    view: View, numbers: Iterable[int], told: Mapping[int, tuple[str, bool]], ctx: Context
) -> list[Resource]:
    found = []
    for number in numbers:
        for repetition in view.field(number):
            if not repetition or repetition.is_null:
                continue
            value = kept_value(told[number][0], repetition, ctx)
            if value:
                found.append({"url": f"{EXTENSIONS}{view.name}.{number}", **value})
    return found


def kept_value(data_type: str, r: Repetition, ctx: Context) -> Resource:
    """What an extension has of a value: `value[x]`, or its components as parts."""
    typed = TYPED.get(data_type)
    if typed is not None:
        convert, key = typed
        value: Any = MAPS[convert](r, ctx, How())
        if isinstance(value, dict) or (isinstance(value, str) and len(r.components) == 1):
            if ctx.restore is not None and isinstance(value, dict):
                ctx.restore.note(data_type, key.removeprefix("value").lower(), value, r.components)
            return {key: value}
    if len(r.components) == 1 and len(r.components[0]) == 1:
        return {"valueString": r.text(1)} if r.text(1).strip() else {}
    parts = [
        {"url": f"{n}" if m == 1 else f"{n}.{m}", "valueString": text}
        for n, component in enumerate(r.components, 1)
        for m, text in enumerate(component, 1)
        if text.strip()
    ]
    return {"extension": parts} if parts else {}
