"""The input parameters of an operation's call: from the address, a Parameters resource, or both.

https://hl7.org/fhir/R4/operations.html#request
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from fhirserver.errors import FhirError, Invalid, Issue
from fhirserver.interactions.checking import checked_resource, refuse
from fhirserver.interactions.messages import FhirRequest
from fhirserver.interactions.operation import (
    Inputs,
    Operation,
    Parameter,
    is_resource_type,
    resource_parameter,
)
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.validation import check
from fhirserver.validation.primitives import CHECKS

# Each resource is checked by itself, if the operation wants that.
_STAND_IN: Final = {"resourceType": "Basic", "code": {"text": "-"}}

# Clients take one of these for another, and nothing is lost by it.
_STRINGS: Final = frozenset(
    {"string", "uri", "url", "canonical", "code", "id", "oid", "uuid", "markdown", "base64Binary"}
)
_NUMBERS: Final = frozenset({"integer", "positiveInt", "unsignedInt", "decimal"})
_TIMES: Final = frozenset({"date", "dateTime", "instant"})
_FAMILIES: Final = (_STRINGS, _NUMBERS, _TIMES)

# Parameters that say how an answer is written, for any request.
_GENERAL: Final = frozenset({"_format", "_pretty", "_summary", "_elements"})


Pairs = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Found:
    """Values and their places by name; what isn't declared, as names and texts."""

    values: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    places: dict[str, list[str | None]] = field(default_factory=lambda: defaultdict(list))
    others: list[tuple[str, str]] = field(default_factory=list)

    def add(self, name: str, value: Any, place: str | None) -> None:
        self.values[name].append(value)
        self.places[name].append(place)

    def inputs(self) -> Inputs:
        return Inputs(dict(self.values), dict(self.places))


def inputs_of(made: Operation, request: FhirRequest) -> tuple[Inputs, Pairs]:
    """What a call gives its operation, and what else it says, if the operation is open to that.

    Raises Invalid with the place of what is wrong.
    """
    found = _Found()
    declared = {p.name: p for p in made.parameters}
    for name, text in request.query:
        if name in declared:
            found.add(name, _of_address(declared[name], text), None)
        elif made.is_open:
            found.others.append((name, text))
        elif not request.lenient and name not in _GENERAL:
            raise _unknown(made, name, None)
    if request.body is not None:
        _of_body(made, request, found)
    _count(made, made.parameters, found, None)
    return found.inputs(), tuple(found.others)


def values_of(
    made: Operation, given: Resource, request: FhirRequest
) -> Mapping[str, Sequence[Any]]:
    """The values of a Parameters resource that is itself an input of an operation."""
    found = _Found()
    _read(made, made.parameters, given.get("parameter", ()), "Parameters.parameter", request, found)
    return found.inputs().values


def plain(value: Any) -> str | None:
    """A primitive or a Coding as an address has it; None for anything else."""
    if isinstance(value, dict) and "code" in value:
        return f"{value['system']}|{value['code']}" if "system" in value else str(value["code"])
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | Decimal) else None


def _of_body(made: Operation, request: FhirRequest, found: _Found) -> None:
    body = request.body
    if not isinstance(body, dict):
        raise Invalid("the body must be a Parameters resource")
    whole = resource_parameter(made)
    if body.get("resourceType") != "Parameters":
        if whole is None or whole.type not in {"Resource", body.get("resourceType")}:
            raise Invalid("the body must be a Parameters resource", expression="resourceType")
        found.add(whole.name, _resource(whole, body, ""), None)
        return
    frame = {k: _framed(v) if k == "parameter" else v for k, v in body.items()}
    refuse(check(frame))
    given = body.get("parameter", ())
    _read(made, made.parameters, given, "Parameters.parameter", request, found)


def _framed(parameters: object) -> Any:
    """The parameters with stand-ins for their resources."""
    if not isinstance(parameters, list):
        return parameters
    framed = []
    for parameter in parameters:
        if isinstance(parameter, dict):
            parameter = dict(parameter)
            if "resource" in parameter:
                parameter["resource"] = _STAND_IN
            if "part" in parameter:
                parameter["part"] = _framed(parameter["part"])
        framed.append(parameter)
    return framed


def _read(
    made: Operation,
    declared: Sequence[Parameter],
    given: Sequence[Resource],
    path: str,
    request: FhirRequest,
    found: _Found,
) -> None:
    known = {p.name: p for p in declared}
    for number, parameter in enumerate(given):
        place = f"{path}[{number}]"
        name = parameter["name"]
        if name not in known:
            _note_other(made, parameter, place, request, found)
            continue
        wanted = known[name]
        if wanted.is_whole:
            found.add(name, parameter, place)
        elif wanted.parts:
            inner = _Found()
            parts = parameter.get("part", ())
            _read(made, wanted.parts, parts, f"{place}.part", request, inner)
            _count(made, wanted.parts, inner, place)
            found.add(name, inner.inputs(), place)
        else:
            value, where = _value(wanted, parameter, place)
            found.add(name, value, where)


def _note_other(
    made: Operation, parameter: Resource, place: str, request: FhirRequest, found: _Found
) -> None:
    if made.is_open:
        text = plain(next((v for k, v in parameter.items() if k.startswith("value")), None))
        if text is not None:
            found.others.append((parameter["name"], text))
    elif not request.lenient:
        raise _unknown(made, parameter["name"], f"{place}.name")


def _value(wanted: Parameter, parameter: Resource, place: str) -> tuple[Any, str]:
    if is_resource_type(wanted.type) or (wanted.type == "*" and "resource" in parameter):
        resource = parameter.get("resource")
        if not isinstance(resource, dict) or wanted.type not in {
            "*",
            "Resource",
            resource.get("resourceType"),
        }:
            raise Invalid(
                f"the parameter {wanted.name} needs a resource of type {wanted.type}",
                expression=place,
            )
        return _resource(wanted, resource, f"{place}.resource"), f"{place}.resource"
    key = next((k for k in parameter if k.startswith("value")), None)
    if key is None:
        raise Invalid(f"the parameter {wanted.name} needs a {_property(wanted.type)}",
                      expression=place)  # fmt: skip
    given = key.removeprefix("value")
    if not _fits(given, wanted.type):
        raise Invalid(
            f"the parameter {wanted.name} needs a {_property(wanted.type)}, not a {key}",
            expression=f"{place}.{key}",
        )
    return _checked(wanted, parameter[key], f"{place}.{key}"), f"{place}.{key}"


def _checked(wanted: Parameter, value: Any, place: str | None) -> Any:
    """A value that its declared type allows, though it may have been sent as another."""
    findings = CHECKS[wanted.type](value) if wanted.type in CHECKS else None
    if findings:
        text = f"the parameter {wanted.name} {findings[0].text.removesuffix(', unquoted')}"
        raise Invalid(issues=[Issue("error", "value", text, place)])
    return value


def _resource(wanted: Parameter, resource: Resource, place: str) -> Resource:
    if not wanted.is_checked:
        return resource
    try:
        return checked_resource(resource, resource.get("resourceType"))
    except FhirError as error:
        if place:
            raise error.inside(place) from error
        raise


def _property(type_name: str) -> str:
    return "value[x]" if type_name == "*" else f"value{type_name[:1].upper()}{type_name[1:]}"


def _fits(given: str, wanted: str) -> bool:
    if wanted == "*":
        return True
    name = given[:1].lower() + given[1:]
    family = next((f for f in _FAMILIES if wanted in f), None)
    return name in family if family else given in {wanted, wanted[:1].upper() + wanted[1:]}


def _of_address(wanted: Parameter, text: str) -> Any:
    """A value in an address: a simple one, a Coding as a search has it, a Reference's text."""
    if wanted.type == "Coding":
        system, _, code = text.rpartition("|")
        coding = {"system": system, "code": code} if system else {"code": code}
        return _checked_coding(wanted, coding)
    if wanted.type == "Reference":
        return {"reference": text}
    if wanted.parts or wanted.type[:1].isupper():
        raise Invalid(
            f"the parameter {wanted.name} can't be in an address: POST a Parameters resource"
        )
    convert = _CONVERT.get(wanted.type)
    try:
        value = text if convert is None else convert(text)
    except (ValueError, KeyError, FhirError) as error:
        raise Invalid(f"the parameter {wanted.name} must be of type {wanted.type}") from error
    return _checked(wanted, value, None)


def _checked_coding(wanted: Parameter, coding: Resource) -> Resource:
    for name, type_name in (("system", "uri"), ("code", "code")):
        if name in coding and CHECKS[type_name](coding[name]):
            raise Invalid(f"the parameter {wanted.name} must be a code, or system|code")
    return coding


def _whole(text: str) -> int:
    number = json.parse(text.encode())
    if not isinstance(number, int) or isinstance(number, bool):
        raise ValueError  # noqa: TRY004 - the value, not our code, is wrong
    return number


_CONVERT: Final[dict[str, Callable[[str], Any]]] = {
    "boolean": {"true": True, "false": False}.__getitem__,
    "integer": _whole,
    "positiveInt": _whole,
    "unsignedInt": _whole,
    "decimal": lambda text: json.parse(text.encode()),
}


def _count(
    made: Operation, declared: Sequence[Parameter], found: _Found, place: str | None
) -> None:
    values = found.values
    needed = [p for p in declared if p.min]
    if all(len(v) == 1 for v in values.values()) and all(
        p.min == 1 and p.name in values for p in needed
    ):
        return
    for parameter in declared:
        count = len(found.values.get(parameter.name, ()))
        if count < parameter.min:
            text = f"${made.name} needs the parameter {parameter.name}"
            raise Invalid(issues=[Issue("error", "required", text, place)])
        if parameter.max is not None and count > parameter.max:
            times = "once" if parameter.max == 1 else f"{parameter.max} times"
            raise Invalid(
                f"${made.name} takes the parameter {parameter.name} at most {times}",
                expression=found.places[parameter.name][-1],
            )


def _unknown(made: Operation, name: str, place: str | None) -> Invalid:
    names = ", ".join(p.name for p in made.parameters) or "none"
    return Invalid(f"${made.name} has no parameter {name[:64]!r}; it has {names}", expression=place)
