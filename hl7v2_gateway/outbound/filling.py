"""A segment from its table and a value of FHIR."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fhirserver.fhirpath import Typed
from fhirserver.registry import discover
from hl7v2_gateway.outbound import datatypes
from hl7v2_gateway.outbound.kept import put_back
from hl7v2_gateway.outbound.segments import Repetition, Segment, repetition
from hl7v2_gateway.outbound.tabulated import Rule, rules
from hl7v2_gateway.outbound.values import kind, writer_of
from hl7v2_gateway.outbound.vocabulary import hl7_table, table
from hl7v2_gateway.outbound.wording import as_sent
from hl7v2_gateway.outbound.writing import Writing, unworded, writers

discover(datatypes)


def filled(
    name: str, table_name: str, node: Typed, writing: Writing, numbers: Mapping[str, int]
) -> Segment | None:
    """The segment that a table makes of a value; None when nothing but numbers would be in it."""
    fields: dict[int, list[list[Any]]] = {}
    weak: set[int] = set()
    says_something = False
    for rule in rules(table_name, writing.wishes):
        if not rule.is_for(writing.wishes):
            continue
        if rule.when is not None and not _holds(rule.when, node, writing):
            continue
        written = _of_rule(rule, node, writing, numbers)
        if not written:
            if rule.otherwise is None:
                continue
            weak.add(rule.field)
            written = [repetition(rule.otherwise)]
        says_something = says_something or not (rule.value or "").startswith("#")
        if rule.component is None:
            fields[rule.field] = [list(r) for r in written]
        else:
            _put(fields.setdefault(rule.field, [[]])[0], rule.component, written[0])
    made = {n: tuple(tuple(r) for r in found) for n, found in fields.items()}
    # What was sent comes before what stands for nothing known.
    firm = {number: found for number, found in made.items() if number not in weak}
    kept = put_back(name, table_name, node, writing, firm)
    if not says_something and not kept:
        return None
    return Segment(name, {**made, **kept})


def _put(parts: list[Any], component: int, written: Repetition) -> None:
    while len(parts) < component:
        parts.append(())
    parts[component - 1] = tuple(part[0] if part else "" for part in written)


def _holds(expression: str, node: Typed, writing: Writing) -> bool:
    found = writing.found(expression, node[0], node[1])
    return bool(found) and found[0][1] is True


def _of_rule(
    rule: Rule, node: Typed, writing: Writing, numbers: Mapping[str, int]
) -> list[Repetition]:
    if rule.value is not None:
        number = numbers.get(rule.value[1:]) if rule.value.startswith("#") else None
        return [repetition(rule.value if number is None else str(number))]
    nodes: list[Typed] = []
    for source in rule.sources:
        nodes = [n for n in writing.found(source, node[0], node[1]) if n[1] is not None]
        if nodes:
            break
    found = [r for n in nodes if (r := _written(rule, n, writing))]
    return found if rule.repeats else found[:1]


def _written(rule: Rule, node: Typed, writing: Writing) -> Repetition | None:
    name, value, beside = node
    data_type = rule.data_type
    if data_type == "KIND":
        return repetition(kind(node, writing.wishes))
    if data_type == "VALUE":
        data_type = writer_of(kind(node, writing.wishes))
    if rule.table is not None:
        noted = _as_sent(rule, node, writing)
        if noted is not None:
            return noted
        by_table = _by_table(rule.table, rule.data_type, value)
        if by_table is not None:
            notes = beside.get("extension", ()) if isinstance(beside, dict) else ()
            return as_sent("IS", by_table, notes)
        if not isinstance(value, dict):
            return None if rule.otherwise is not None else repetition(str(value))
    if rule.names is not None:
        systems = {**rule.names, **writing.wishes.systems}
        writing = replace(writing, wishes=replace(writing.wishes, systems=systems))
    write = writers.get((data_type, name)) or writers.get((data_type, _base(name)))
    return None if write is None else write(value, writing)


def _as_sent(rule: Rule, node: Typed, writing: Writing) -> Repetition | None:
    """The words in which a coded value came in, where it still is the one that came in."""
    name, value, _ = node
    write = writers.get((rule.data_type, name))
    if write is None or not isinstance(value, dict) or "extension" not in value:
        return None
    written = write(value, writing)
    return None if written == unworded(write)(value, writing) else written


def _by_table(name: str, data_type: str, value: Any) -> Repetition | None:
    """The v2 code for a code, or for the first coding that has one."""
    codes = table(name)
    if not isinstance(value, dict):
        code = codes.get(str(value))
        return None if code is None else _code(code, None, name, data_type)
    for coding in value.get("coding", [value]):
        code = codes.get(coding.get("code", ""))
        if code is not None:
            return _code(code, coding.get("display") or value.get("text"), name, data_type)
    return None


def _code(code: str, display: str | None, name: str, data_type: str) -> Repetition:
    if data_type in {"CWE", "CE"}:
        return repetition(code, display, hl7_table(name))
    return repetition(code)


def _base(name: str) -> str:
    """FHIRPath's own types stand for FHIR's."""
    return {"System.String": "string", "System.Boolean": "boolean", "System.Integer": "integer",
            "System.Decimal": "decimal", "System.DateTime": "dateTime"}.get(name, name)  # fmt: skip
