"""From policies, scopes, labels and consent to what a caller may do.

    rights = permits of the roles ∩ permits of the client, if it has policies ∩ scopes
             ∩ what labels and consent leave, minus what any rule denies

A right that no rule permits isn't there: whoever has no policy has nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from fhirserver.access.access import EVERYTHING, NOTHING, Access, Allowed, Right
from fhirserver.access.actor import NOBODY, Actor
from fhirserver.access.combining import both, either, never
from fhirserver.access.conditions import condition
from fhirserver.access.labels import cleared, named
from fhirserver.access.policy import Policy, Rule
from fhirserver.access.predicates import SHARED, kinds_in
from fhirserver.access.principal import User
from fhirserver.access.records import WITHHELD, is_owned
from fhirserver.errors import FhirError
from fhirserver.search.hashing import reference_self
from fhirserver.search.parameters import Parameters
from fhirserver.search.query import CaredFor, Condition, ConsentDenies, OwnedBy
from fhirserver.search.scope import Scope
from fhirserver.search.site import Site

ByScopes = Callable[[str, Right], Condition | None]
"""What the granted scopes leave of a right on a type; None when none of them gives it."""

BREAK_GLASS: Final = "break-glass"
EXPLAIN_ACCESS: Final = "explain-access"
REVIEWED: Final = frozenset(["AuditEvent", "Communication", "Consent", "Provenance", "Task"])
"""What privacy officers review: a patient's consent doesn't hide it from them, nor does the label R
that the record of a search has."""


@dataclass(frozen=True, slots=True)
class Caller:
    """All that decides about the rights of one caller.

    `policies` are those of the user's roles (or of a system's), `client_policies` those of the
    client: None when it has none, so that it limits nothing.
    """

    policies: tuple[Policy, ...]
    by_scopes: ByScopes
    user: User | None = None
    actor: Actor = NOBODY
    client_policies: tuple[Policy, ...] | None = None
    purposes: tuple[str, ...] = ()
    """Of emergencies in which they have broken the glass: BTG or ETREAT."""

    @property
    def powers(self) -> frozenset[str]:
        """What they may do that isn't a right on rows."""
        held = frozenset[str]().union(*(p.powers for p in self.policies))
        if self.client_policies is None:
            return held
        return held & frozenset[str]().union(*(p.powers for p in self.client_policies))


@dataclass(frozen=True, slots=True)
class Applied:
    """A rule as it applies to a type and right."""

    policy: Policy
    rule: Rule
    condition: Condition


@dataclass(frozen=True, slots=True)
class Parts:
    """What decides about a right on a type, each part by itself, for those who ask why."""

    permits: tuple[Applied, ...]
    client_permits: tuple[Applied, ...] | None
    denies: tuple[Applied, ...]
    scopes: Condition | None
    labels: Condition = EVERYTHING
    very_restricted: Condition = EVERYTHING
    consent: Condition = EVERYTHING
    own: Condition = NOTHING
    broken_glass: Condition = NOTHING

    @property
    def condition(self) -> Condition:
        """All of it, as one condition."""
        permits = [either(p.condition for p in self.permits)]
        if self.client_permits is not None:
            permits.append(either(p.condition for p in self.client_permits))
        # What one asks of a row comes first, so that it is what an index finds.
        return both(
            [
                *permits,
                NOTHING if self.scopes is None else self.scopes,
                *(never(d.condition) for d in self.denies),
                self.very_restricted,
                either([both([self.labels, self.consent]), self.own, self.broken_glass]),
            ]
        )


@dataclass(slots=True)
class Compiler:
    """Works out the rights of one caller, type by type."""

    caller: Caller
    parameters: Parameters
    site: Site
    _clear: Condition = field(init=False)

    def __post_init__(self) -> None:
        user = self.caller.user
        self._clear = EVERYTHING if user is None else cleared(user.clearances)

    def allowed(self, resource_type: str, right: Right) -> Allowed | None:
        """What a right on a type comes to; None when there is no such right."""
        parts = self.parts(resource_type, right)
        found = parts.condition
        if found == NOTHING:
            return None
        permits = [p.rule for p in (*parts.permits, *(parts.client_permits or ()))]
        return Allowed(
            found,
            hidden=self._elements(resource_type, (e for r in permits for e in r.hidden)),
            changes=self._changes(resource_type, permits),
            constraints=tuple(dict.fromkeys(c for r in permits for c in r.constraints)),
        )

    def parts(self, resource_type: str, right: Right) -> Parts:
        """What decides about a right on a type."""
        caller, scope = self.caller, Scope(self.parameters, self.site)
        ours = self._applied(caller.policies, resource_type, right, scope)
        client = caller.client_policies
        theirs = None if client is None else self._applied(client, resource_type, right, scope)
        parts = Parts(
            _that(ours, "permit"),
            None if theirs is None else _that(theirs, "permit"),
            _that((*ours, *(theirs or ())), "deny"),
            caller.by_scopes(resource_type, right),
        )
        if caller.user is None:
            return parts
        actor = caller.actor
        owned = is_owned(resource_type, scope)
        if EXPLAIN_ACCESS in caller.powers and resource_type in REVIEWED:
            return replace(parts, very_restricted=named(actor.persons))
        return Parts(
            parts.permits,
            parts.client_permits,
            parts.denies,
            parts.scopes,
            labels=self._clear,
            very_restricted=named(actor.persons if owned else ()),
            consent=never(ConsentDenies(actor.everyone, self.purpose)) if owned else EVERYTHING,
            own=OwnedBy(reference_self("Patient", actor.patient))
            if owned and actor.patient is not None
            else NOTHING,
            broken_glass=CaredFor(actor.persons, (BREAK_GLASS,))
            if owned and BREAK_GLASS in caller.powers and actor.persons
            else NOTHING,
        )

    @property
    def purpose(self) -> str:
        """The purpose of use that consents are asked about.

        https://terminology.hl7.org/ValueSet-v3-PurposeOfUse.html
        """
        if self.caller.actor.patients:
            return "PATRQT"
        return "TREAT" if BREAK_GLASS in self.caller.powers else "HOPERAT"

    @property
    def lasting(self) -> Condition:
        """Which patients the caller may see other than in an emergency."""
        scope = Scope(self.parameters, self.site)
        found = self._applied(self.caller.policies, "Patient", "r", scope)
        return either(
            a.condition for a in _that(found, "permit") if BREAK_GLASS not in kinds_in(a.rule.where)
        )

    def giving(self, resource_type: str) -> Condition:
        """Which rows the caller may let others see: not what they see for a time only themselves.

        That is what they broke the glass for, or was shared with them.
        """
        parts = self.parts(resource_type, "r")
        client = parts.client_permits
        kept = replace(
            parts,
            permits=_lasting(parts.permits),
            client_permits=None if client is None else _lasting(client),
            broken_glass=NOTHING,
        )
        return kept.condition

    def _applied(
        self, policies: Sequence[Policy], resource_type: str, right: Right, scope: Scope
    ) -> tuple[Applied, ...]:
        # A group that one patient owns tells who else is in it.
        in_compartment = is_owned(resource_type, scope) and resource_type not in WITHHELD
        found = []
        for policy in policies:
            for rule in policy.rules:
                if not rule.is_about(resource_type, right, in_compartment):
                    continue
                try:
                    rows = condition(rule.where, resource_type, self.caller.actor, scope)
                except FhirError:
                    # A search parameter that has been taken away since: nobody gains by that.
                    rows = NOTHING if rule.effect == "permit" else EVERYTHING
                if rows != NOTHING:
                    found.append(Applied(policy, rule, rows))
        return tuple(found)

    def _elements(self, resource_type: str, names: Iterable[str]) -> frozenset[str]:
        """JSON's names of elements: `value` is valueQuantity, valueString and so on."""
        definitions = self.parameters.definitions
        return frozenset(
            p.name for name in set(names) for p in definitions.element_type(resource_type, name)
        )

    def _changes(self, resource_type: str, rules: Sequence[Rule]) -> frozenset[str] | None:
        """What all of these rules let change: which of them permits a row isn't known here."""
        found: frozenset[str] | None = None
        for rule in rules:
            if rule.changes:
                only = self._elements(resource_type, rule.changes)
                found = only if found is None else found & only
        kept = self._elements(resource_type, (e for r in rules for e in r.readonly))
        if not kept:
            return found
        everything = frozenset(self.parameters.definitions.properties(resource_type))
        return (everything if found is None else found) - kept


def _that(applied: Iterable[Applied], effect: str) -> tuple[Applied, ...]:
    return tuple(a for a in applied if a.rule.effect == effect)


def _lasting(applied: Iterable[Applied]) -> tuple[Applied, ...]:
    fleeting = {BREAK_GLASS, SHARED}
    return tuple(a for a in applied if not fleeting & kinds_in(a.rule.where))


def _of_patients(compiler: Compiler) -> Condition:
    """Which patients' rows the policies show, whatever the scopes of this token leave of them."""
    if compiler.caller.user is None:
        return EVERYTHING
    rights: tuple[Right, ...] = ("r", "s")
    parts = [replace(compiler.parts("Patient", r), scopes=EVERYTHING) for r in rights]
    return either(p.condition for p in parts)


class Granted(Access):
    """The rights of one caller, with their powers, and what they come from."""

    def __init__(self, compiler: Compiler) -> None:
        """Each right is worked out when it is first asked for."""
        super().__init__(compiler.allowed)
        self.caller = compiler.caller
        self.powers = compiler.caller.powers
        self.purposes = compiler.caller.purposes
        self.parts = compiler.parts
        self._compiler = compiler
        self._referable: Condition | None = None

    def referable(self) -> Condition:
        """See Access: by the policies alone, so that a narrower token is no way round them."""
        if self._referable is None:
            self._referable = _of_patients(self._compiler)
        return self._referable

    @property
    def lasting(self) -> Condition:
        """Which patients the caller may see other than in an emergency."""
        return self._compiler.lasting

    def giving(self, resource_type: str) -> Condition:
        """Which rows the caller may let others see: not what they see for a time only."""
        return self._compiler.giving(resource_type)


def access_of(caller: Caller, parameters: Parameters, site: Site) -> Granted:
    """What a caller may do."""
    return Granted(Compiler(caller, parameters, site))
