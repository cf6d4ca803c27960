"""What a patient's consent says about who may see what, taken apart into directives.

A provision applies where all that it names fits: an actor, a purpose, a type (`class`), a security
label, a time. One inside another is an exception to it: what it doesn't name, it has from the
outer one. The deepest directive that applies to a row decides; of several that deep, a denial.

What a directive can't tell apart (`action`, `code`, `data`, `dataPeriod`, other classes) makes a
denial wider than it was meant, and a permission none at all: nothing is shown by mistake.

https://hl7.org/fhir/R4/consent.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final, Literal

from fhirserver.access.care import Relation
from fhirserver.access.labels import CONFIDENTIALITY, NAMED, label
from fhirserver.access.moments import period, within
from fhirserver.errors import Unprocessable
from fhirserver.model.resource import Resource
from fhirserver.search.hashing import reference_self
from fhirserver.search.site import Site
from fhirserver.search.types.date import Range
from fhirserver.search.types.reference import local

Effect = Literal["deny", "permit"]

MOST: Final = 2_000
"""The directives that one consent may come to."""
_TYPES: Final = "http://hl7.org/fhir/resource-types"
_PRIVACY: Final = "patient-privacy"
# https://terminology.hl7.org/ValueSet-v3-ActConsentDirective.html
_POLICY: Final[dict[str, Effect]] = {"OPTOUT": "deny", "OPTOUTE": "deny", "OPTIN": "permit"}
_CANNOT_TELL: Final = ("action", "code", "data", "dataPeriod")


@dataclass(frozen=True, slots=True)
class Directive:
    """One denial or permission; None is any. Digests of addresses and labels."""

    patient: int
    actor: int | None
    label: int | None
    starts: int
    ends: int
    depth: int
    effect: Effect
    purpose: str | None
    type: str | None


@dataclass(frozen=True, slots=True)
class _Outer:
    """What a provision has from those around it."""

    when: Range
    actors: tuple[int | None, ...] = (None,)
    labels: tuple[int | None, ...] = (None,)
    purposes: tuple[str | None, ...] = (None,)
    types: tuple[str | None, ...] = (None,)
    is_vague: bool = False


def directives(consent: Resource, site: Site) -> frozenset[Directive]:
    """What a Consent comes to; nothing unless it is active and about privacy.

    Raises Unprocessable for one with too many combinations.
    """
    patient = _patient(consent, site)
    if patient is None:
        return frozenset()
    root = consent.get("provision") or {}
    whole = _Outer(period(root.get("period"), site))
    found: set[Directive] = set()
    for directive in _directives(patient, root, whole, 0, _base(consent), site):
        found.add(directive)
        if len(found) > MOST:
            raise Unprocessable(
                f"the consent comes to more than {MOST} rules: name fewer actors and labels",
                expression="Consent.provision",
            )
    return frozenset(found)


def named_by(consent: Resource, site: Site) -> frozenset[Relation]:
    """Those whom a consent lets see what is very restricted, by naming them and the label V."""
    very = label(CONFIDENTIALITY, "V")
    return frozenset(
        Relation(d.patient, d.actor, NAMED, d.starts, d.ends)
        for d in directives(consent, site)
        if d.effect == "permit" and d.label == very and d.actor is not None
    )


def _patient(consent: Resource, site: Site) -> int | None:
    scope = (consent.get("scope") or {}).get("coding", ())
    if consent.get("status") != "active" or not any(c.get("code") == _PRIVACY for c in scope):
        return None
    found = local((consent.get("patient") or {}).get("reference") or "", site)
    return reference_self(*found) if found and found[0] == "Patient" else None


def _base(consent: Resource) -> Effect | None:
    """What the policy itself says, which a provision without a type leaves as it is."""
    codings = (consent.get("policyRule") or {}).get("coding", ())
    return next((_POLICY[c["code"]] for c in codings if c.get("code") in _POLICY), None)


def _directives(
    patient: int,
    provision: Resource,
    outer: _Outer,
    depth: int,
    effect: Effect | None,
    site: Site,
) -> Iterator[Directive]:
    effect = provision.get("type") or effect
    when = within(outer.when, period(provision.get("period"), site))
    if when is None:
        return
    types, other_classes = _types(provision.get("class", ()))
    here = _Outer(
        when,
        _actors(provision.get("actor", ()), site) or outer.actors,
        _labels(provision.get("securityLabel", ())) or outer.labels,
        tuple(c["code"] for c in provision.get("purpose", ()) if "code" in c) or outer.purposes,
        types or outer.types,
        outer.is_vague or other_classes or any(provision.get(n) for n in _CANNOT_TELL),
    )
    if effect is not None and not (effect == "permit" and here.is_vague):
        for actor, mark, purpose, resource_type in product(
            here.actors, here.labels, here.purposes, here.types
        ):
            yield Directive(
                patient, actor, mark, *when, min(depth, 99), effect, purpose, resource_type
            )
    for inner in provision.get("provision", ()):
        yield from _directives(patient, inner, here, depth + 1, effect, site)


def _actors(actors: Sequence[Any], site: Site) -> tuple[int | None, ...]:
    """The digests of the actors that are here; 0, nobody's, for one that isn't."""
    found = []
    for actor in actors:
        address = local((actor.get("reference") or {}).get("reference") or "", site)
        found.append(reference_self(*address) if address else 0)
    return tuple(dict.fromkeys(found))


def _labels(labels: Sequence[Any]) -> tuple[int | None, ...]:
    return tuple(label(c.get("system", ""), c["code"]) for c in labels if c.get("code"))


def _types(classes: Sequence[Any]) -> tuple[tuple[str | None, ...], bool]:
    """The resource types that are named, and whether something else is."""
    types = tuple(c["code"] for c in classes if c.get("system") == _TYPES and c.get("code"))
    return types, len(types) < len(classes)
