"""Is a code in a value set? By following its rules, without expanding it.

https://hl7.org/fhir/R4/valueset.html#compositions
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from fhirserver.errors import FhirError
from fhirserver.terminology.content import CodeSystem, Concept
from fhirserver.terminology.scope import Scope, UnknownCodeSystem
from fhirserver.terminology.value_sets import Listed, Rule, ValueSet, check_rule
from fhirserver.terminology.versions import fits

_OPEN: Final = frozenset({"fragment", "example"})


@dataclass(frozen=True, slots=True)
class Hit:
    """A place in a value set where a code is. `system` is None where only the list knows it."""

    system_url: str
    system: CodeSystem | None
    concept: Concept
    rule: Rule
    value_set: ValueSet
    listed: Listed | None = None


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An include takes another version of the code system than the one that is asked about."""

    rule: Rule
    system: CodeSystem
    wanted: str | None


@dataclass(slots=True)
class Finding:
    """What following the rules led to."""

    hits: list[Hit] = field(default_factory=list)
    unknown: list[tuple[Rule, UnknownCodeSystem]] = field(default_factory=list)
    mismatches: list[Mismatch] = field(default_factory=list)
    partial: list[CodeSystem] = field(default_factory=list)
    """Code systems of which only a part is here: the code may be in the rest."""
    systems: list[CodeSystem] = field(default_factory=list)
    inactive: list[Hit] = field(default_factory=list)
    """Where it is, but for not being active."""


def find(
    scope: Scope, value_set: ValueSet, system: str | None, code: str, version: str | None = None
) -> Finding:
    """Where a code is in a value set; without `system` in any code system."""
    finding = Finding()
    with scope.entering(value_set):
        for rule in value_set.include:
            finding.hits += _hits(scope, value_set, rule, finding, system, code, version)
        if finding.hits and value_set.exclude:
            finding.hits = [h for h in finding.hits if not _is_excluded(scope, value_set, h)]
        if not value_set.may_be_inactive:
            finding.inactive += [h for h in finding.hits if h.concept.is_inactive]
            finding.hits = [h for h in finding.hits if not h.concept.is_inactive]
    return finding


def member_of(
    scope: Scope, value_set: ValueSet, system: str | None, code: str, version: str | None = None
) -> bool | None:
    """Whether a code is in a value set; None when what is needed to decide it isn't here."""
    try:
        finding = find(scope, value_set, system, code, version)
    except FhirError:
        return None
    if finding.hits:
        return True
    return None if finding.unknown or finding.partial else False


def _hits(
    scope: Scope,
    value_set: ValueSet,
    rule: Rule,
    finding: Finding,
    system: str | None,
    code: str,
    version: str | None,
) -> list[Hit]:
    """Where a rule has the code: in its own system, and in every value set that it names."""
    check_rule(rule)
    if rule.system is not None and system is not None and rule.system != system:
        return []
    found: list[Hit] | None = None
    if rule.system is not None:
        found = _own(scope, value_set, rule, finding, code, version)
        if not found:
            return []
    for reference in rule.value_sets:
        imported = scope.value_set(reference, value_set)
        inner = find(scope, imported, system or rule.system, code, version)
        finding.unknown += inner.unknown
        finding.mismatches += inner.mismatches
        finding.partial += inner.partial
        finding.systems += inner.systems
        finding.inactive += inner.inactive
        if found is None:
            found = inner.hits
        else:
            codes = {(h.system_url, h.concept.code) for h in inner.hits}
            found = [h for h in found if (h.system_url, h.concept.code) in codes]
    return found or []


def _own(
    scope: Scope,
    value_set: ValueSet,
    rule: Rule,
    finding: Finding,
    code: str,
    version: str | None,
) -> list[Hit]:
    assert rule.system is not None
    wanted = scope.rules.wanted(rule.system, rule.version)
    try:
        system = _system(scope, rule, wanted, version)
    except UnknownCodeSystem as error:
        if rule.codes is not None and not rule.filters and code in rule.codes:
            listed = rule.codes[code]
            concept = Concept(code, listed.display, designations=listed.designations)
            return [Hit(rule.system, None, concept, rule, value_set, listed)]
        finding.unknown.append((rule, error))
        return []
    finding.systems.append(system)
    if version is not None and not fits(system.version, version):
        finding.mismatches.append(Mismatch(rule, system, wanted))
    found = system.concept(code)
    if found is None:
        if system.about.get("content") in _OPEN and rule.codes is None and not rule.filters:
            finding.partial.append(system)
        return []
    listed_code = None
    if rule.codes is not None:
        listed_code = rule.codes.get(found.code) or rule.codes.get(code)
        if listed_code is None:
            return []
    if rule.filters and not system.matches(found, rule.filters):
        return []
    return [Hit(rule.system, system, found, rule, value_set, listed_code)]


def _system(scope: Scope, rule: Rule, wanted: str | None, version: str | None) -> CodeSystem:
    """The code system of a rule, in the version of the code where the rule leaves it open."""
    assert rule.system is not None
    if version is not None and version != wanted and fits(version, wanted):
        own = scope.find_system(rule.system, version)
        if own is not None:
            return own
    return scope.system(rule.system, rule.version)


def _is_excluded(scope: Scope, value_set: ValueSet, hit: Hit) -> bool:
    return any(excludes(scope, value_set, rule, hit) for rule in value_set.exclude)


def excludes(scope: Scope, value_set: ValueSet, rule: Rule, hit: Hit) -> bool:
    """Whether an exclude takes a code out of its value set."""
    check_rule(rule)
    if rule.system is not None:
        if rule.system != hit.system_url:
            return False
        if rule.codes is not None and hit.concept.code not in rule.codes:
            return False
        if not _excludes_in_system(scope, value_set, rule, hit):
            return False
    return all(
        find(scope, scope.value_set(r, value_set), hit.system_url, hit.concept.code).hits
        for r in rule.value_sets
    )


def _excludes_in_system(scope: Scope, value_set: ValueSet, rule: Rule, hit: Hit) -> bool:
    if rule.codes is not None and hit.system is None:
        return True
    assert rule.system is not None
    system = scope.system(rule.system, rule.version)
    if hit.system is not None and matches_versions(scope, value_set, rule):
        if system.version != hit.system.version:
            return False
    elif system.concept(hit.concept.code) is None:
        return False
    if not rule.filters:
        return True
    own = system.concept(hit.concept.code)
    return own is not None and system.matches(own, rule.filters)


def matches_versions(scope: Scope, value_set: ValueSet, rule: Rule) -> bool:
    """Whether an exclude is about one version only, rather than about the code in any.

    It is where the value set says so, and where the version that it names is also included.
    """
    fixed = value_set.parameter("versionsMatch")
    if fixed is not None:
        return str(fixed).lower() == "false"
    if rule.system is None:
        return False
    excluded = scope.rules.wanted(rule.system, rule.version)
    included = {
        scope.rules.wanted(r.system, r.version)
        for r in value_set.include
        if r.system == rule.system
    }
    return excluded in included or None in included or excluded is None
