"""The codes of a value set, one after the other, as its rules give them.

https://hl7.org/fhir/R4/valueset.html#expansion
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fhirserver.errors import Issue, NotFound
from fhirserver.model.canonicals import age, split
from fhirserver.terminology import issues as m
from fhirserver.terminology.content import CodeSystem, Concept, Selection
from fhirserver.terminology.membership import Hit, excludes, find
from fhirserver.terminology.scope import Scope, UnknownCodeSystem
from fhirserver.terminology.texts import matcher
from fhirserver.terminology.value_sets import Rule, ValueSet, check_rule
from fhirserver.terminology.versions import fits, listing


def members(scope: Scope, value_set: ValueSet, *, active_only: bool = False) -> Iterator[Hit]:
    """Every code of a value set once, lazily; the filter text of the request holds."""
    active_only = active_only or not value_set.may_be_inactive
    seen: set[tuple[str, str | None, str]] = set()
    is_merged = str(value_set.parameter("versionsMatch")).lower() == "true"
    with scope.entering(value_set):
        rules = value_set.include
        if is_merged:
            # Of a code that is in several versions the newest one stands for all.
            rules = tuple(sorted(rules, key=lambda r: age(r.version), reverse=True))
        for rule in rules:
            for hit in _of_rule(scope, value_set, rule, active_only=active_only):
                version = hit.system.version if hit.system and not is_merged else None
                key = hit.system_url, version, hit.concept.code
                if key in seen or (active_only and hit.concept.is_inactive):
                    continue
                if _is_unwanted(scope, hit):
                    continue
                seen.add(key)
                if not any(excludes(scope, value_set, r, hit) for r in value_set.exclude):
                    yield hit


def _is_unwanted(scope: Scope, hit: Hit) -> bool:
    """Whether the request, rather than the value set, leaves a code out."""
    options = scope.options
    if options.exclude_abstract and hit.concept.is_abstract:
        return True
    for name in options.excluded_systems:
        url, version = split(name)
        own = hit.system.version if hit.system else None
        if url == hit.system_url and (version is None or version == own):
            return True
    return False


def _of_rule(scope: Scope, value_set: ValueSet, rule: Rule, *, active_only: bool) -> Iterator[Hit]:
    check_rule(rule)
    if rule.system is None:
        if not rule.value_sets:
            return
        first, *others = rule.value_sets
        found = _imported(scope, scope.value_set(first, value_set), active_only=active_only)
    else:
        others = list(rule.value_sets)
        found = _of_system(scope, value_set, rule, active_only=active_only)
    imported = [scope.value_set(r, value_set) for r in others]
    for hit in found:
        if all(find(scope, v, hit.system_url, hit.concept.code).hits for v in imported):
            yield hit


def _imported(scope: Scope, value_set: ValueSet, *, active_only: bool) -> Iterator[Hit]:
    return members(scope, value_set, active_only=active_only)


def _of_system(
    scope: Scope, value_set: ValueSet, rule: Rule, *, active_only: bool
) -> Iterator[Hit]:
    assert rule.system is not None
    try:
        system = system_of(scope, rule)
    except NotFound:
        is_known = bool(scope.shelf.versions("CodeSystem", rule.system))
        if rule.codes is None or rule.filters or is_known:
            raise
        yield from _only_listed(scope, value_set, rule)
        return
    if rule.codes is not None:
        yield from _listed(scope, value_set, rule, system)
        return
    selection = Selection(rule.filters, scope.options.text, active_only)
    for concept in system.select(selection):
        yield Hit(rule.system, system, concept, rule, value_set)


def _listed(scope: Scope, value_set: ValueSet, rule: Rule, system: CodeSystem) -> Iterator[Hit]:
    assert rule.system is not None
    text = matcher(scope.options.text) if scope.options.text else None
    for code, listed in (rule.codes or {}).items():
        concept = system.concept(code)
        if concept is None or (rule.filters and not system.matches(concept, rule.filters)):
            continue
        if text is None or text(concept) or text(Concept(code, listed.display)):
            yield Hit(rule.system, system, concept, rule, value_set, listed)


def _only_listed(scope: Scope, value_set: ValueSet, rule: Rule) -> Iterable[Hit]:
    """Codes whose code system isn't here: all that is known of them is what the list says."""
    assert rule.system is not None
    text = matcher(scope.options.text) if scope.options.text else None
    for code, listed in (rule.codes or {}).items():
        concept = Concept(code, listed.display, designations=listed.designations)
        if text is None or text(concept):
            yield Hit(rule.system, None, concept, rule, value_set, listed)


def system_of(scope: Scope, rule: Rule) -> CodeSystem:
    """The code system that a rule takes codes from; raises NotFound or Unprocessable."""
    assert rule.system is not None
    try:
        system = scope.system(rule.system, rule.version)
    except UnknownCodeSystem as error:
        message = m.UNKNOWN_VERSION_EXPANDING if error.version else m.UNKNOWN_SYSTEM_EXPANDING
        known = listing([v for v in error.known if v])
        raise NotFound(
            issues=[
                message.issue(None, system=error.url, version=error.version, known=known or "none")
            ]
        ) from error
    wanted = scope.rules.checks.get(rule.system)
    if wanted is not None and not fits(system.version, wanted):
        raise NotFound(issues=[_not_allowed(system, wanted)])
    return system


def _not_allowed(system: CodeSystem, wanted: str) -> Issue:
    return m.VERSION_NOT_ALLOWED.issue(
        None, version=system.version, system=system.url, wanted=wanted
    )
