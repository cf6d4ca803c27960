"""$expand: the codes of a value set.

https://hl7.org/fhir/R4/valueset-operation-expand.html
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from fhirserver import clock, ids
from fhirserver.errors import Issue, TooCostly
from fhirserver.model.canonicals import age
from fhirserver.model.resource import Resource
from fhirserver.terminology.contains import Writer
from fhirserver.terminology.content import CodeSystem, Selection
from fhirserver.terminology.members import members, system_of
from fhirserver.terminology.membership import Hit, matches_versions
from fhirserver.terminology.scope import Scope, versions_named
from fhirserver.terminology.standing import standings
from fhirserver.terminology.value_sets import ValueSet, check_rule

_UNCLOSED: Final = "http://hl7.org/fhir/StructureDefinition/valueset-unclosed"
_PARTIAL: Final = frozenset({"fragment", "example"})
# What an expansion tells of its value set when the definition isn't wanted.
_DESCRIBING: Final = frozenset(
    {
        "id", "language", "url", "identifier", "version", "name", "title", "status",
        "experimental", "date", "publisher",
    }
)  # fmt: skip
_NEVER: Final = frozenset({"text", "meta", "expansion", "resourceType"})


def expand(scope: Scope, value_set: ValueSet, *, most: int) -> Resource:
    """The value set with its expansion; raises TooCostly for more than `most` codes at once."""
    options = scope.options
    scope.is_expanding = True
    page, total = _page(scope, value_set, most)
    writer = Writer(options, scope.languages, versions=_versioned(value_set))
    if _is_nested(scope, value_set):
        contains = _nested(page, writer)
    else:
        contains = [writer.contains(hit) for hit in page]
    expansion: Resource = {}
    extension = [*_unclosed(scope), *writer.declarations()]
    if extension:
        expansion["extension"] = extension
    expansion["identifier"] = f"urn:uuid:{ids.new()}"
    expansion["timestamp"] = clock.now().isoformat(timespec="milliseconds")
    if total is not None:
        expansion["total"] = total
    if options.offset is not None:
        expansion["offset"] = options.offset
    expansion["parameter"] = list(_parameters(scope, value_set))
    if contains:
        expansion["contains"] = contains
    kept = {
        k: v
        for k, v in value_set.resource.items()
        if k in _DESCRIBING or (options.include_definition and k not in _NEVER)
    }
    return {"resourceType": "ValueSet", **kept, "expansion": expansion}


def _page(scope: Scope, value_set: ValueSet, most: int) -> tuple[list[Hit], int | None]:
    """The codes of the page that is asked for, and how many there are on all pages."""
    options = scope.options
    offset = options.offset or 0
    active_only = bool(options.active_only)
    if options.count is None:
        found = list(islice(members(scope, value_set, active_only=active_only), most + 1))
        if len(found) > most:
            raise _too_costly(value_set, most)
        return found[offset:], len(found)
    count = min(options.count, most + 1)
    pushed = _pushed_down(scope, value_set, offset, count)
    if pushed is not None and len(pushed[0]) <= most:
        return pushed
    stream = members(scope, value_set, active_only=active_only)
    before = sum(1 for _ in islice(stream, offset))
    page = list(islice(stream, count))
    if len(page) > most:
        raise _too_costly(value_set, most)
    # To count the rest takes as long as to read it: beyond the limit the total isn't told.
    rest = sum(1 for _ in islice(stream, max(most - before - len(page), 0) + 1))
    known = before + len(page) + rest
    return page, known if known <= most else None


def _pushed_down(
    scope: Scope, value_set: ValueSet, offset: int, count: int
) -> tuple[list[Hit], int | None] | None:
    """The page of a value set that is one selection from one code system, which can page it."""
    options = scope.options
    if len(value_set.include) != 1 or value_set.exclude:
        return None
    if options.excluded_systems or options.exclude_abstract:
        return None
    rule = value_set.include[0]
    if rule.system is None or rule.codes is not None or rule.value_sets:
        return None
    check_rule(rule)
    active_only = bool(scope.options.active_only) or not value_set.may_be_inactive
    system = system_of(scope, rule)
    selection = Selection(rule.filters, scope.options.text, active_only)
    found = system.select(selection, offset=offset, limit=count)
    page = [Hit(rule.system, system, concept, rule, value_set) for concept in found]
    return page, system.count(selection)


def _too_costly(value_set: ValueSet, most: int) -> TooCostly:
    text = (
        f"The value set '{value_set.canonical}' has more than {most} codes, too many for one "
        "answer: ask for pages with count and offset, or narrow it with filter"
    )
    return TooCostly(issues=[Issue("error", "too-costly", text, message_id="VALUESET_TOO_COSTLY")])


def _is_nested(scope: Scope, value_set: ValueSet) -> bool:
    """Whether the codes stand below one another, as in their code system.

    Not on a page nor among the matches of a text, which are short lists to choose from, nor where
    the value set has its own order or several sources.
    """
    options = scope.options
    if options.exclude_nested or options.text or options.count is not None or options.offset:
        return False
    if len(value_set.include) != 1:
        return False
    rule = value_set.include[0]
    if rule.system is None or rule.codes is not None or rule.value_sets:
        return False
    return system_of(scope, rule).is_hierarchical


def _nested(hits: list[Hit], writer: Writer) -> list[Resource]:
    entries = {h.concept.code: writer.contains(h) for h in hits}
    tops: list[Resource] = []
    for hit in hits:
        entry = entries[hit.concept.code]
        system: CodeSystem | None = hit.system
        above = (p for p in (system.parents(hit.concept.code) if system else ()) if p in entries)
        parent = next(above, None)
        if parent is None or _is_below(system, parent, hit.concept.code):
            tops.append(entry)
        else:
            entries[parent].setdefault("contains", []).append(entry)
    return tops


def _is_below(system: CodeSystem | None, code: str, other: str) -> bool:
    """A hierarchy that runs in a circle must not make an expansion that does."""
    return code == other or (system is not None and system.is_descendant(code, other))


def _versioned(value_set: ValueSet) -> frozenset[str]:
    """The systems whose codes need their version, as the value set takes them from several."""
    return frozenset(url for url, vs in versions_named(value_set).items() if len(vs) > 1)


def _unclosed(scope: Scope) -> Iterator[Resource]:
    for system in scope.used_systems.values():
        if system.about.get("content") in _PARTIAL:
            yield {"url": _UNCLOSED, "valueBoolean": True}
            yield {
                "url": f"{_UNCLOSED}-reason",
                "valueString": "This extension is based on a fragment of the code system "
                f"{system.url}",
            }


def _parameters(scope: Scope, value_set: ValueSet) -> Iterator[Resource]:
    """What the expansion rests on: what was asked for, and what was used."""
    for name, type_name, given in scope.options.echoed:
        yield {"name": name, f"value{type_name}": given}
    language = scope.display_language
    if language is not None:
        yield {"name": "displayLanguage", "valueCode": language}
    for name, used in scope.used_rules:
        yield {"name": name, "valueUri": used}
    if _merges_versions(scope, value_set):
        yield {"name": "versionsMatch", "valueBoolean": True}
    ordered = sorted(scope.used_systems.items(), key=lambda s: (s[1].url, age(s[1].version)))
    for canonical, system in ordered:
        yield {"name": "used-codesystem", "valueUri": canonical}
        if system.about.get("content") in _PARTIAL:
            yield {"name": "used-fragment", "valueUri": canonical}
    for canonical in scope.used_value_sets:
        if not canonical.startswith("#") and canonical != value_set.canonical:
            yield {"name": "used-valueset", "valueUri": canonical}
    for canonical in scope.used_supplements:
        yield {"name": "used-supplement", "valueUri": canonical}
    systems = (s.about for s in scope.used_systems.values())
    sets = (v.resource for v in scope.used_value_sets.values())
    for found in standings((*systems, value_set.resource, *sets), value_set.resource):
        yield {"name": f"warning-{found.word}", "valueUri": found.canonical}


def _merges_versions(scope: Scope, value_set: ValueSet) -> bool:
    """Whether codes count as the same in whatever version of their system."""
    fixed = value_set.parameter("versionsMatch")
    if fixed is not None:
        return str(fixed).lower() == "true"
    return any(
        r.system is not None and not matches_versions(scope, value_set, r)
        for r in value_set.exclude
    )
