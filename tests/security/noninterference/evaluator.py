"""Who may see what, told straight from the meaning of the rules: slow, plain, on JSON.

It shares no code with the server, so that the two can be held against each other. A principal's
rules have the form of `profiles/policies/*.json`; all of them hold together: something is seen when
a rule permits it and none denies it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.security.noninterference.parameters import PARAMETERS, Searchable

Resource = dict[str, Any]

# https://hl7.org/fhir/R4/compartmentdefinition-patient.html: the elements by which a resource is a
# patient's, in the order of the definition.
OF_PATIENT: Final[dict[str, tuple[str, ...]]] = {
    "Appointment": ("participant.actor",),
    "CareTeam": ("subject", "participant.member"),
    "Condition": ("subject", "asserter"),
    "Consent": ("patient",),
    "DocumentReference": ("subject", "author"),
    "Encounter": ("subject",),
    "Group": ("member.entity",),
    "List": ("subject", "source"),
    "Observation": ("subject", "performer"),
    "Provenance": ("target",),
}

UNIT_OF: Final[dict[str, str]] = {
    "CareTeam": "managingOrganization",
    "Encounter": "serviceProvider",
    "Location": "managingOrganization",
    "Patient": "managingOrganization",
}


@dataclass(frozen=True)
class Care:
    """Somebody (an address) cares for a patient (an id)."""

    patient: str
    actor: str
    kind: str


@dataclass(frozen=True)
class Directive:
    """What a patient's consent says to an actor, or (None) to everybody; the deepest decides."""

    patient: str
    effect: str
    depth: int
    actor: str | None = None
    type: str | None = None
    label: str | None = None
    """As SYSTEM|CODE."""


@dataclass(frozen=True)
class Share:
    """Somebody may see one resource (addresses)."""

    target: str
    actor: str


@dataclass(frozen=True)
class Caller:
    """Who asks: the own addresses, those of the units, the patient they are, and their rules."""

    name: str
    rules: tuple[Mapping[str, Any], ...]
    me: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    patient: str | None = None


@dataclass(frozen=True)
class Judge:
    """Decides for one caller, by the facts that rules look at."""

    caller: Caller
    care: Sequence[Care] = ()
    directives: Sequence[Directive] = ()
    shares: Sequence[Share] = ()
    _search: Searchable = field(default_factory=Searchable)

    def may(self, right: str, resource: Resource) -> bool:
        """Whether a right holds for a resource as it is."""
        kind = resource["resourceType"]
        about = [r for r in self.caller.rules if right in r["rights"] and _is_about(r, kind)]
        permitted = [r for r in about if r.get("effect", "permit") == "permit"]
        denied = [r for r in about if r.get("effect", "permit") == "deny"]
        return any(self._meets(r, resource) for r in permitted) and not any(
            self._meets(r, resource) for r in denied
        )

    def has(self, right: str, kind: str) -> bool:
        """Whether a right is given for some resources of a type."""
        return any(
            right in r["rights"] and _is_about(r, kind) and r.get("effect", "permit") == "permit"
            for r in self.caller.rules
        )

    def sees(self, resource: Resource) -> bool:
        """Whether a resource, as it is, may be shown."""
        return self.may("r", resource) or self.may("s", resource)

    def _meets(self, rule: Mapping[str, Any], resource: Resource) -> bool:
        return self.holds(rule.get("where", {"everything": True}), resource)

    def holds(self, predicate: Mapping[str, Any], resource: Resource) -> bool:
        """Whether a predicate is true of a resource."""
        (key, value), *more = predicate.items()
        match key:
            case "everything":
                return True
            case "own":
                return self.caller.patient is not None and owner(resource) == self.caller.patient
            case "self":
                return _address(resource) in self.caller.me
            case "care":
                whose = owner(resource)
                actors = {*self.caller.me, *self.caller.units}
                return any(
                    c.patient == whose and c.actor in actors and c.kind in value for c in self.care
                )
            case "shared":
                here = _address(resource)
                return any(s.target == here and s.actor in self.caller.me for s in self.shares)
            case "unit":
                return unit(resource) in self.caller.units
            case "refers":
                to = dict(more).get("to", "me")
                named = {"me": self.caller.me, "units": self.caller.units}.get(
                    to, (*self.caller.me, *self.caller.units)
                )
                known = PARAMETERS[resource["resourceType"]]
                return any(
                    v.get("reference") in named
                    for code in value
                    if code in known
                    for v in known[code].find(resource)
                )
            case "search":
                return all(
                    self._search.holds(resource, *pair.split("=", 1)) for pair in value.split("&")
                )
            case "labels":
                return bool(labels(resource) & set(value))
            case "unowned":
                return owner(resource) is None
            case "ids":
                return resource["id"] in value
            case "all":
                return all(self.holds(p, resource) for p in value)
            case "any":
                return any(self.holds(p, resource) for p in value)
            case "not":
                return not self.holds(value, resource)
            case "consent denies":
                return self._is_withheld(resource)
        raise ValueError(key)

    def _is_withheld(self, resource: Resource) -> bool:
        """The deepest provision that applies decides; of several that deep, a denial does."""
        actors = {*self.caller.me, *self.caller.units}
        said = [
            d
            for d in self.directives
            if d.patient == owner(resource)
            and (d.actor is None or d.actor in actors)
            and d.type in (None, resource["resourceType"])
            and (d.label is None or d.label in labels(resource))
        ]
        deepest = max((d.depth for d in said), default=0)
        return any(d.effect == "deny" for d in said if d.depth == deepest)


def _is_about(rule: Mapping[str, Any], kind: str) -> bool:
    types = rule["types"]
    return (
        kind in types or "*" in types or ("Patient/*" in types and kind in {"Patient", *OF_PATIENT})
    )


def _address(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _references(resource: Resource, path: str) -> Iterable[str]:
    items: list[Any] = [resource]
    for name in path.split("."):
        found = [i[name] for i in items if name in i]
        items = [one for f in found for one in (f if isinstance(f, list) else [f])]
    return (i["reference"] for i in items if "reference" in i)


ABOUT: Final = "of the patient that it is about"
"""In a Provenance: the patient to whom all belongs that it is about, as `inherited` found."""


def owner(resource: Resource) -> str | None:
    """The id of the patient whose a resource is: the first that its compartment elements name."""
    if ABOUT in resource:
        return str(resource[ABOUT])
    if resource["resourceType"] == "Patient":
        return str(resource["id"])
    for path in OF_PATIENT.get(resource["resourceType"], ()):
        for reference in _references(resource, path):
            kind, _, id_ = reference.partition("/")
            if kind == "Patient":
                return id_
    return None


def inherited(resource: Resource, find: Callable[[str], Resource | None]) -> Resource:
    """A Provenance with its patient, by what `find` has at the time for its targets.

    Without a patient among them it is of the patient whose all of them are, of nobody if several.
    """
    if resource["resourceType"] != "Provenance" or owner(resource) is not None:
        return resource
    targets = [find(r) for r in _references(resource, "target")]
    whose = {owner(t) for t in targets if t is not None} - {None}
    return resource | {ABOUT: whose.pop()} if len(whose) == 1 else resource


def unit(resource: Resource) -> str | None:
    """The organization that is responsible for a resource."""
    if resource["resourceType"] == "Organization":
        return _address(resource)
    path = UNIT_OF.get(resource["resourceType"])
    found = list(_references(resource, path)) if path else []
    return found[0] if found else None


def labels(resource: Resource) -> set[str]:
    """The security labels, as SYSTEM|CODE."""
    security = resource.get("meta", {}).get("security", ())
    return {f"{c.get('system', '')}|{c['code']}" for c in security}
