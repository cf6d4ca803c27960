"""OperationDefinitions: the profiles of their Parameters don't contradict what they say themselves.

https://hl7.org/fhir/R4/operationdefinition-definitions.html#OperationDefinition.inputProfile
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fhirserver.model import definitions
from fhirserver.validation.node import Node
from fhirserver.validation.profile import Element, Profile
from fhirserver.validation.rule import rule
from fhirserver.validation.run import Run

_PROFILES: Final = {"in": "inputProfile", "out": "outputProfile"}


@rule("OperationDefinition")
def profiles_of_parameters(run: Run, node: Node) -> None:
    """A profile may say more of a parameter, but nothing that the definition rules out."""
    parameters = node.named("parameter")
    for use, element in _PROFILES.items():
        canonical = node.text(element)
        profile = run.profiles.profile(canonical) if canonical is not None else None
        if profile is None:
            continue
        said = _parameters_of(profile)
        for i, parameter in enumerate(parameters):
            slice_ = said.get(parameter.text("name") or "")
            if slice_ is None or parameter.text("use") != use:
                continue
            wrong = _contradiction(parameter, slice_)
            if wrong is not None:
                where = f"{node.path}.{element}.parameter[{i}]"
                run.error("invalid", f"{wrong} ({profile.name})", where)


def _parameters_of(profile: Profile) -> Mapping[str, Element]:
    """The slices of `parameter` by the names that they fix."""
    sliced = profile.root.child("parameter")
    return {
        str(name.values[kind]): s
        for s in (sliced.slices if sliced is not None else ())
        if (name := s.child("name")) is not None
        for kind in ("fixed", "pattern")
        if kind in name.values
    }


def _contradiction(parameter: Node, slice_: Element) -> str | None:
    """Why no value can be right by both; None when one can."""
    minimum = parameter.first("min")
    least = minimum.value if minimum is not None and isinstance(minimum.value, int) else 0
    most = parameter.text("max") or "*"
    if slice_.max is not None and slice_.max < least:
        return f"allows at most {slice_.max}, where the definition asks for {least} or more"
    if most.isdecimal() and int(most) < slice_.min:
        return f"asks for {slice_.min} or more, where the definition allows at most {most}"
    type_ = parameter.text("type")
    allowed = _types(slice_)
    if type_ is None or not allowed or any(_overlap(type_, t) for t in allowed):
        return None
    return f"has the type {' or '.join(sorted(allowed))}, where the definition has {type_}"


def _types(slice_: Element) -> set[str]:
    """The types that a parameter's value or resource may have."""
    return {
        t.code
        for name in ("value", "resource")
        if (e := slice_.child(name)) is not None and e.max != 0
        for t in e.types
    }


def _overlap(one: str, other: str) -> bool:
    known = definitions.load()
    if not {one, other}.issubset(known.structure_names):
        return True
    return known.is_a(one, other) or known.is_a(other, one)
