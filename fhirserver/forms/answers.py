"""Values as the answers that a question's type takes.

https://hl7.org/fhir/R4/valueset-item-type.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from fhirserver.fhirpath import Typed
from fhirserver.forms.extensions import first, value
from fhirserver.model.resource import Resource

_Make = Callable[[Typed, Resource], Resource | None]
"""From a value and the question to an answer; None when the question doesn't take it."""


def answer_of(node: Typed, item: Resource) -> Resource | None:
    """The answer to a question that a value of FHIRPath makes, or None."""
    make = _MAKE.get(item.get("type", ""))
    return make(node, item) if make is not None and node[1] is not None else None


def _plain(key: str, *kinds: type) -> _Make:
    def make(node: Typed, item: Resource) -> Resource | None:
        found = node[1]
        # In Python a truth is a number, too.
        fits = isinstance(found, kinds) and (bool in kinds or not isinstance(found, bool))
        return {key: found} if fits else None

    return make


def _text(node: Typed, item: Resource) -> Resource | None:
    found = node[1]
    if isinstance(found, bool):
        return {"valueString": "true" if found else "false"}
    if isinstance(found, str | int | Decimal):
        return {"valueString": str(found)} if str(found).strip() else None
    if isinstance(found, dict) and found.get("text"):
        return {"valueString": found["text"]}
    return None


def _date(node: Typed, item: Resource) -> Resource | None:
    return {"valueDate": node[1][:10]} if isinstance(node[1], str) else None


def _moment(node: Typed, item: Resource) -> Resource | None:
    return {"valueDateTime": node[1]} if isinstance(node[1], str) else None


def _quantity(node: Typed, item: Resource) -> Resource | None:
    found = node[1]
    if isinstance(found, dict):
        return {"valueQuantity": found} if "value" in found else None
    if isinstance(found, int | Decimal) and not isinstance(found, bool):
        return {"valueQuantity": {"value": found, **unit_of(item)}}
    return None


def unit_of(item: Resource) -> Resource:
    """The unit in which a question asks for a number; empty when it doesn't say."""
    unit = first(item, "unit") or {}
    named = {"unit": unit.get("display") or unit.get("code")} if unit.get("code") else {}
    return {**named, **{k: unit[k] for k in ("system", "code") if k in unit}}


def _reference(node: Typed, item: Resource) -> Resource | None:
    found = node[1]
    if not isinstance(found, dict):
        return None
    if "resourceType" in found:
        if "id" not in found:
            return None
        return {"valueReference": {"reference": f"{found['resourceType']}/{found['id']}"}}
    return {"valueReference": found} if "reference" in found or "identifier" in found else None


def _attachment(node: Typed, item: Resource) -> Resource | None:
    return {"valueAttachment": node[1]} if node[0] == "Attachment" else None


def _choice(node: Typed, item: Resource) -> Resource | None:
    """A coding, if possible as one of the options has it; else a text that one of them is."""
    options = item.get("answerOption", ())
    for coding in _codings(node):
        for option in options:
            offered = option.get("valueCoding") or {}
            if _is_same(coding, offered):
                return {"valueCoding": offered}
    for option in options:
        if not isinstance(node[1], dict) and value(option) == node[1]:
            return {k: v for k, v in option.items() if k.startswith("value")}
    if options and item.get("type") == "choice":
        return None
    codings = _codings(node)
    if codings and not (item.get("type") == "open-choice" and node[0].startswith("System.")):
        return {"valueCoding": codings[0]}
    return _text(node, item) if item.get("type") == "open-choice" else None


def _codings(node: Typed) -> list[Resource]:
    found = node[1]
    if isinstance(found, dict):
        return [c for c in found.get("coding", [found] if "code" in found else ()) if c]
    return [{"code": found}] if isinstance(found, str) else []


def _is_same(coding: Resource, offered: Resource) -> bool:
    system = coding.get("system")
    return coding.get("code") == offered.get("code") and system in {None, offered.get("system")}


_MAKE: Final[Mapping[str, _Make]] = {
    "boolean": _plain("valueBoolean", bool),
    "decimal": _plain("valueDecimal", int, Decimal),
    "integer": _plain("valueInteger", int),
    "date": _date,
    "dateTime": _moment,
    "time": _plain("valueTime", str),
    "string": _text,
    "text": _text,
    "url": _plain("valueUri", str),
    "choice": _choice,
    "open-choice": _choice,
    "attachment": _attachment,
    "reference": _reference,
    "quantity": _quantity,
}
