"""The input parameters of an operation's call: from the address, a Parameters resource, or both.

https://hl7.org/fhir/R4/operations.html#request
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from fhirserver.errors import FhirError, Invalid
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


def inputs_of(made: Operation, request: FhirRequest) -> Inputs:
    """What a call gives its operation; raises Invalid with the place of what is wrong."""
    found: dict[str, list[Any]] = {}
    declared = {p.name: p for p in made.parameters}
    for name, text in request.query:
        if name in declared:
            found.setdefault(name, []).append(_of_address(declared[name], text))
        elif not made.is_open and not request.lenient and name not in _GENERAL:
            raise _unknown(made, name, None)
    if request.body is not None:
        for name, values in _of_body(made, request).items():
            found.setdefault(name, []).extend(values)
    _count(made.parameters, found, "Parameters")
    return Inputs(found)


def _of_body(made: Operation, request: FhirRequest) -> Mapping[str, list[Any]]:
    body = request.body
    if not isinstance(body, dict):
        raise Invalid("the body must be a Parameters resource")
    whole = resource_parameter(made)
    if body.get("resourceType") != "Parameters":
        if whole is None or whole.type not in {"Resource", body.get("resourceType")}:
            raise Invalid("the body must be a Parameters resource", expression="resourceType")
        return {whole.name: [_resource(whole, body, "")]}
    frame = {k: _framed(v) if k == "parameter" else v for k, v in body.items()}
    refuse(check(frame))
    return _values(
        made, made.parameters, body.get("parameter", ()), "Parameters.parameter", request
    )


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


def _values(
    made: Operation,
    declared: Sequence[Parameter],
    given: Sequence[Resource],
    path: str,
    request: FhirRequest,
) -> dict[str, list[Any]]:
    known = {p.name: p for p in declared}
    found: dict[str, list[Any]] = {}
    for number, parameter in enumerate(given):
        place = f"{path}[{number}]"
        name = parameter["name"]
        if name not in known:
            if made.is_open or request.lenient:
                continue
            raise _unknown(made, name, f"{place}.name")
        wanted = known[name]
        if wanted.parts:
            parts = parameter.get("part", ())
            inner = _values(made, wanted.parts, parts, f"{place}.part", request)
            _count(wanted.parts, inner, place)
            found.setdefault(name, []).append(Inputs(inner))
        else:
            found.setdefault(name, []).append(_value(wanted, parameter, place))
    return found


def _value(wanted: Parameter, parameter: Resource, place: str) -> Any:
    if is_resource_type(wanted.type):
        resource = parameter.get("resource")
        if not isinstance(resource, dict) or wanted.type not in {
            "Resource",
            resource.get("resourceType"),
        }:
            raise Invalid(
                f"the parameter {wanted.name} needs a resource of type {wanted.type}",
                expression=place,
            )
        return _resource(wanted, resource, f"{place}.resource")
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
    return parameter[key]


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
    """A value in an address, which can only be a simple one."""
    if wanted.parts or wanted.type[:1].isupper():
        raise Invalid(
            f"the parameter {wanted.name} can't be in an address: POST a Parameters resource"
        )
    convert = _CONVERT.get(wanted.type)
    try:
        return text if convert is None else convert(text)
    except (ValueError, KeyError, FhirError) as error:
        raise Invalid(f"the parameter {wanted.name} must be of type {wanted.type}") from error


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


def _count(declared: Sequence[Parameter], found: Mapping[str, Sequence[Any]], place: str) -> None:
    for parameter in declared:
        count = len(found.get(parameter.name, ()))
        if count < parameter.min:
            raise Invalid(f"the parameter {parameter.name} is missing", expression=place)
        if parameter.max is not None and count > parameter.max:
            raise Invalid(
                f"the parameter {parameter.name} is given more than {parameter.max} times",
                expression=place,
            )


def _unknown(made: Operation, name: str, place: str | None) -> Invalid:
    names = ", ".join(p.name for p in made.parameters) or "none"
    return Invalid(f"${made.name} has no parameter {name[:64]!r}; it has {names}", expression=place)
