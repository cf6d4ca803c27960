"""Whether a resource has the shape that its definition gives it: names, types, how often, which.

Each type is compiled once, when it is first met, into a table of functions by JSON property.

https://hl7.org/fhir/R4/validation.html, https://hl7.org/fhir/R4/json.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from fhirserver.errors import Issue
from fhirserver.model import definitions
from fhirserver.model.definitions import Property
from fhirserver.model.resource import Resource
from fhirserver.validation import primitives, siblings
from fhirserver.validation.bindings import bound
from fhirserver.validation.findings import Check, Finding, Findings, at, one

# Who sends more errors than this learns the rest after mending these.
MAX_ISSUES: Final = 100

MAX_LIST: Final = 2**31

_NULL: Final = one("structure", "must not be null: leave the element out instead")
_NOT_AN_OBJECT: Final = one("structure", "must be a JSON object")
_NOT_A_LIST: Final = one("structure", "must be a JSON array, because the element may repeat")
_IS_A_LIST: Final = one("structure", "must not be a JSON array, because the element doesn't repeat")
_EMPTY_OBJECT: Final = one("structure", "must not be an empty object: leave the element out")
_ONLY_ID: Final = one("invariant", "ele-1: must have a value or children besides its id")
_EMPTY_LIST: Final = one("structure", "must not be an empty array: leave the element out")
_NESTED: Final = one("structure", "must not be in a resource that is contained", ".contained")
_NO_TYPE: Final = one("structure", "the property resourceType is missing")
_UNKNOWN_TYPE: Final = one("structure", "must be a resource type of FHIR R4", ".resourceType")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def check(resource: Resource, *, type: str | None = None) -> list[Issue]:  # noqa: A002 - FHIR's word
    """What is wrong with a resource, or an empty list; `type` is the type that it must have."""
    found = check_resource(resource)
    if type is not None and found is None and resource["resourceType"] != type:
        found = one("invalid", f"must be {type} here", ".resourceType")
    if found is None:
        return []
    name = resource.get("resourceType") if isinstance(resource, dict) else None
    root = name if isinstance(name, str) and definitions.load().is_resource(name) else "Resource"
    return [Issue("error", f.code, f.text, root + f.path) for f in found[:MAX_ISSUES]]


def check_resource(value: Any) -> Findings:
    """The rule for a resource anywhere: at the top, in a Bundle, in Parameters."""
    if type(value) is not dict:
        return _NOT_AN_OBJECT
    name = value.get("resourceType")
    if type(name) is not str:
        return _NO_TYPE if name is None else _UNKNOWN_TYPE
    found = _objects.get(name)
    if found is None:
        if not definitions.load().is_resource(name):
            return _UNKNOWN_TYPE
        found = _object(name)
    return found(value)


def check_contained(value: Any) -> Findings:
    """The rule for a contained resource: it contains none itself.

    https://hl7.org/fhir/R4/references.html#contained
    """
    if type(value) is dict and "contained" in value:
        return _NESTED
    return check_resource(value)


class _Slot(NamedTuple):
    """What a table knows about one property; `item` is the rule for one entry of its list.

    `bit` marks an element that is required or has a choice of types, to notice it missing or twice.
    """

    check: Check
    bit: int
    property: Property
    item: Check


class _Table:
    """A type, or an element with children: its properties by name, and which are required."""

    __slots__ = ("is_resource", "path", "required", "slots")

    def __init__(self, path: str) -> None:
        self.path = path
        self.is_resource = definitions.load().is_resource(path)
        self.required: Mapping[int, str] = {}
        self.slots: dict[str, _Slot] = {}

    def compile(self) -> int:
        """Fill the table when it is first needed, as types refer to one another in circles."""
        slots: dict[str, _Slot] = {}
        required: dict[int, str] = {}
        bits: dict[str, int] = {}
        for p in definitions.load().properties(self.path).values():
            bit = 0
            if p.element.min > 0 or p.element.is_choice:
                bit = bits.setdefault(p.element.path, 1 << len(bits))
            if p.element.min > 0:
                required[bit] = p.element.name
            item = _item(p)
            slots[p.name] = _Slot(_listed(item, p) if p.is_list else item, bit, p, item)
        self.required = required
        self.slots.update(slots)
        return sum(required)


_objects: Final[dict[str, Check]] = {}
_NO_FAILURES: Final[dict[str, Findings]] = {}


def _object(path: str) -> Check:
    """The rule for an object at a path, made once."""
    if path not in _objects:
        _objects[path] = _object_check(_Table(path))
    return _objects[path]


def _object_check(table: _Table) -> Check:
    slots = table.slots
    is_resource = table.is_resource
    required = -1

    def check(value: Any) -> Findings:
        nonlocal required
        if type(value) is not dict:
            return _IS_A_LIST if type(value) is list else _NOT_AN_OBJECT
        if required < 0:
            required = table.compile()
        seen = 0
        is_plain = True
        failures: dict[str, Findings] = _NO_FAILURES
        for name, member in value.items():
            slot = slots.get(name)
            if slot is None:
                is_plain = is_plain and is_resource and name == "resourceType"
                continue
            bit = slot[1]
            if bit:
                is_plain = is_plain and not seen & bit
                seen |= bit
            found = slot[0](member)
            if found is not None:
                failures = {**failures, name: found}
        if is_plain and value and not failures and seen & required == required:
            # ele-1: https://hl7.org/fhir/R4/element.html#invs
            return _ONLY_ID if len(value) == 1 and "id" in value and not is_resource else None
        return _explained(table, value, failures)

    return check


def _explained(table: _Table, value: Resource, failures: Mapping[str, Findings]) -> Findings:
    """What is wrong with an object; nothing, when all that was odd are proper siblings."""
    if not value:
        return _EMPTY_OBJECT
    found: list[Finding] = []
    spellings: dict[int, set[str]] = {}
    for name, member in value.items():
        if name == "resourceType" and table.is_resource:
            continue
        plain = name.removeprefix("_")
        slot = table.slots.get(plain)
        if slot is None or (plain != name and not _may_have_sibling(slot)):
            found += _unknown(table, name)
            continue
        spellings.setdefault(slot.bit, set()).add(plain)
        step = f".{slot.property.element.name}"
        if plain != name:
            rule = siblings.repeated if slot.property.is_list else siblings.single
            found += at(step, rule(value.get(plain), member, slot.item, _element) or ())
        elif slot.property.is_list and f"_{name}" in value and type(member) is list and member:
            continue  # The two lists are looked at together, where the sibling is.
        else:
            found += at(step, _worded(slot, member, failures.get(name)) or ())
        if len(found) >= MAX_ISSUES:
            break
    for bit, names in spellings.items():
        if bit and len(names) > 1:
            element = table.slots[min(names)].property.element
            text = f"must have one type only, not {' and '.join(sorted(names))} together"
            found += one("structure", text, f".{element.name}")
    found += [
        Finding(f".{name}", "required", f"is required in {table.path}")
        for bit, name in table.required.items()
        if bit not in spellings
    ]
    return tuple(found) or None


def _worded(slot: _Slot, member: Any, found: Findings) -> Findings:
    """The same findings, said better where JSON's own shape is wrong."""
    if found is not None and member is None:
        return _NULL
    if found is not None and type(member) is list and not slot.property.is_list:
        return _IS_A_LIST
    return found


def _may_have_sibling(slot: _Slot) -> bool:
    p = slot.property
    is_primitive = p.type_code in primitives.CHECKS and p.type_code != "xhtml"
    return is_primitive and not p.element.is_attribute


def _element(value: Any) -> Findings:
    """The rule for a sibling: an id, extensions, or both."""
    found = _object("Element")(value)
    return None if found is _ONLY_ID else found


def _unknown(table: _Table, name: str) -> Sequence[Finding]:
    # A name that can't be FHIR's might be anything, patient data included: it isn't repeated.
    is_name = _NAME.fullmatch(name) is not None
    choices = definitions.load().element_type(table.path, name) if is_name else ()
    if choices:
        few = ", ".join(p.name for p in choices[:6]) + (", ..." if len(choices) > 6 else "")
        return one("structure", f"must be written with its type: {few}", f".{name}")
    text = f"is not an element of {table.path}"
    meant = next((s for s in table.slots if s.casefold() == name.casefold()), None)
    if meant is not None:
        return one("structure", f"{text}: {meant} is", f".{name}")
    if is_name:
        return one("structure", text, f".{name}")
    return one("structure", f"a property {text}")


def _item(p: Property) -> Check:
    """The rule for one value of a property."""
    if p.type_code == "Resource":
        return check_contained if p.name == "contained" else check_resource
    rule = primitives.CHECKS.get(p.type_code) or _object(p.target_path)
    binding = p.element.binding
    if binding is not None and binding.strength == "required":
        codes = definitions.load().codes(binding.value_set)
        if codes is not None:
            return bound(p.type_code, codes, binding.value_set, rule)
    return rule


def _listed(item: Check, p: Property) -> Check:
    least, most = p.element.min, p.element.max or MAX_LIST

    def check(value: Any) -> Findings:
        if type(value) is not list:
            return _NOT_A_LIST
        found: Sequence[Finding] = ()
        for i, member in enumerate(value):
            wrong = item(member)
            if wrong is not None:
                found = [*found, *at(f"[{i}]", _NULL if member is None else wrong)]
                if len(found) >= MAX_ISSUES:
                    break
        if not value:
            return _EMPTY_LIST
        if not least <= len(value) <= most:
            found = [*found, *one("structure", f"must be there {least} to {most} times")]
        return tuple(found) or None

    return check
