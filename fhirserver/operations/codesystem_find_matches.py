"""`CodeSystem/$find-matches`: the codes that have some properties.

https://hl7.org/fhir/R4/codesystem-operation-find-matches.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from fhirserver.errors import Invalid, NotSupported
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.terminology_inputs import (
    COMMON,
    answer,
    code_system_version,
    options_of,
    shelf_of,
    unknown_code_system,
)
from fhirserver.interactions.operation import HL7, Call, Inputs, Parameter, operation
from fhirserver.model.parameters import parameters, parts, value
from fhirserver.model.resource import Resource
from fhirserver.terminology.content import Concept, Filter, Selection
from fhirserver.terminology.scope import Scope

_MOST: Final = 100
_PROPERTY: Final = (
    Parameter("code", "code", min=1),
    Parameter("value", "*"),
    Parameter("subproperty", max=None, parts=(Parameter("code", "code"), Parameter("value", "*"))),
)


@operation(
    "find-matches",
    definition=f"{HL7}/CodeSystem-find-matches",
    levels=["type", "instance"],
    types=["CodeSystem"],
    parameters=[
        *COMMON,
        Parameter("system", "uri"),
        Parameter("version", "string"),
        Parameter("property", min=1, max=None, parts=_PROPERTY),
        Parameter("exact", "boolean"),
        Parameter("compositional", "boolean"),
    ],
    is_open=True,
    searches=False,
)
def find_matches(ctx: Context, call: Call) -> FhirResponse:
    """Up to a hundred codes that have the properties: all with `exact`, else as many as there are.

    Without `exact` a code that lacks some is told with those, as long as it has one.
    """
    if call.inputs.is_true("compositional"):
        raise NotSupported("compositional codes are not supported by this server")
    url, version = code_system_version(ctx, call)
    if url is None:
        raise Invalid("system is needed, or an instance")
    scope = Scope(shelf_of(ctx, call), options_of(call))
    system = scope.find_system(url, scope.rules.wanted(url, version))
    if system is None:
        raise unknown_code_system(url, version)
    filters = [_filter(p) for p in call.inputs.all("property")]
    exact = list(system.select(Selection(tuple(filters)), limit=_MOST))
    found = [_match(url, c, ()) for c in exact]
    if not call.inputs.is_true("exact"):
        seen = {c.code for c in exact}
        for wanted in filters:
            for concept in system.select(Selection((wanted,)), limit=_MOST):
                if concept.code not in seen and len(found) < _MOST:
                    seen.add(concept.code)
                    lacks = [f for f in filters if not system.matches(concept, (f,))]
                    found.append(_match(url, concept, lacks))
    return answer(parameters(found))


def _filter(given: Inputs) -> Filter:
    if "subproperty" in given:
        raise NotSupported("subproperties are not supported by this server")
    return Filter(str(given.text("code")), "=", _text(given.one("value")))


def _text(given: Any) -> str:
    if isinstance(given, bool):
        return "true" if given else "false"
    return str(given.get("code", "")) if isinstance(given, dict) else str(given)


def _match(url: str, concept: Concept, lacks: Iterable[Filter]) -> Resource:
    coding = {"system": url, "code": concept.code, "display": concept.display}
    return parts("match", _parts({k: v for k, v in coding.items() if v}, lacks))


def _parts(coding: Resource, lacks: Iterable[Filter]) -> Iterator[Resource]:
    yield value("code", "Coding", coding)
    for wanted in lacks:
        yield parts(
            "unmatched",
            [value("code", "code", wanted.property), value("value", "string", wanted.value)],
        )
