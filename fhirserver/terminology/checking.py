"""$validate-code: is a code right, is it in a value set, and is it named as it should be?

https://hl7.org/fhir/R4/valueset-operation-validate-code.html
https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fhirserver.model.canonicals import age
from fhirserver.model.resource import Resource
from fhirserver.terminology import issues as m
from fhirserver.terminology.concept_checks import check_concept, check_display, right_names
from fhirserver.terminology.content import CodeSystem, Concept
from fhirserver.terminology.displays import is_same
from fhirserver.terminology.membership import Finding, Hit, find
from fhirserver.terminology.report import Coded, Report
from fhirserver.terminology.scope import Scope, UnknownValueSet
from fhirserver.terminology.standing import standings
from fhirserver.terminology.value_sets import ValueSet
from fhirserver.terminology.versions import fits, listing

_UNNAMED: Final = "(unidentified)"
_FRAGMENT: Final = frozenset({"fragment", "example"})


def check_code(scope: Scope, value_set: ValueSet, coded: Coded) -> Report:
    """Whether one code is in a value set."""
    report = Report(code=coded.code, system=coded.system)
    scope.check_imports(value_set)
    _InValueSet(scope, value_set, report).check(coded)
    _add_standings(scope, value_set, report)
    return report


def check_codings(
    scope: Scope, value_set: ValueSet, concept: Resource, codings: Sequence[Coded]
) -> Report:
    """Whether one of the codings of a concept is in a value set; every one is checked."""
    report = Report(codeable_concept=concept)
    scope.check_imports(value_set)
    check = _InValueSet(scope, value_set, report, is_concept=True)
    found: list[Report] = []
    for coded in codings:
        own = check.check(coded)
        if own is not None:
            found.append(own)
    if found:
        best = found[0]
        report.code, report.system, report.version = best.code, best.system, best.version
        report.display, report.inactive, report.status = best.display, best.inactive, best.status
        report.normalized_code = best.normalized_code
    elif check.is_decided:
        report.add(m.NO_CODING_IN_VALUE_SET, value_set=value_set.canonical or _UNNAMED)
    _add_standings(scope, value_set, report)
    return report


def check_in_system(
    scope: Scope,
    codings: Sequence[Coded],
    given: CodeSystem | None = None,
    concept: Resource | None = None,
) -> Report:
    """Whether a code, or every coding of a concept, is one of its code system."""
    report = Report(codeable_concept=concept)
    for coded in codings:
        report.code, report.system = coded.code, coded.system
        _check_in_system(scope, coded, given, report)
    return report


def _check_in_system(scope: Scope, coded: Coded, given: CodeSystem | None, report: Report) -> None:
    if coded.system is None and given is None:
        report.add(m.NO_SYSTEM, coded.at(), "error")
        return
    system = given or _known_system(scope, coded, report, coded.version)
    if system is None:
        return
    report.system, report.version = system.url, system.version
    found = system.concept(coded.code)
    if found is None:
        _unknown_code(system, coded, report)
        return
    names = right_names(scope, found, system, None)
    report.display = names.shown
    check_concept(scope, report, coded, system, found)
    check_display(scope, report, coded, names)
    report.status = found.status if found.status not in {"active", "inactive"} else None
    report.add_all_standing(standings([system.about], None))


class _InValueSet:
    """The checks of codes against one value set."""

    def __init__(
        self, scope: Scope, value_set: ValueSet, report: Report, *, is_concept: bool = False
    ) -> None:
        self._scope = scope
        self._value_set = value_set
        self._name = value_set.canonical or _UNNAMED
        self._report = report
        self._is_concept = is_concept
        self.is_decided = True
        """False when something that isn't here may hold the code."""

    def check(self, coded: Coded) -> Report | None:
        """Check one code. What is known of it goes into the report, unless it is one of several
        codings: then it is given back, None when the coding isn't in the value set."""
        own = self._report if not self._is_concept else Report(code=coded.code)
        own.system = coded.system
        if coded.system is None:
            inferred = self._inferred(coded)
            if inferred is None:
                return None
            coded = inferred
            own.system = coded.system
        try:
            finding = find(self._scope, self._value_set, coded.system, coded.code, coded.version)
        except UnknownValueSet as error:
            self._report.add_issue(error.issues[0])
            self.is_decided = False
            return None
        hits = self._fitting(finding, coded)
        if self._scope.options.active_only:
            finding.inactive += [h for h in hits if h.concept.is_inactive]
            hits = [h for h in hits if not h.concept.is_inactive]
        if hits:
            self._in(hits, coded, finding, own)
            return own
        if finding.unknown:
            self._undecidable(coded, finding, own)
            return None
        if finding.partial:
            _unknown_code(finding.partial[0], coded, self._report)
            own.version = finding.partial[0].version
            return own
        self._not_in(coded, finding, own)
        return None

    def _inferred(self, coded: Coded) -> Coded | None:
        """The code with the only system that it can be of."""
        if coded.place:
            self._report.add(m.NO_SYSTEM, coded.at())
            self._add_not_in(coded)
            return None
        finding = find(self._scope, self._value_set, None, coded.code)
        systems = sorted({h.system_url for h in finding.hits})
        if len(systems) == 1:
            return coded.within(systems[0])
        self._add_not_in(coded)
        self._report.add(
            m.INFERRED_TWICE if systems else m.CANNOT_INFER,
            coded.at("code"),
            code=coded.code,
            value_set=self._name,
            systems=", ".join(systems or sorted({s.url for s in finding.systems})),
        )
        return None

    def _fitting(self, finding: Finding, coded: Coded) -> list[Hit]:
        """The hits in the version of the code, where the value set has that version at all."""
        version = coded.version
        if version is None:
            return finding.hits
        if any(fits(s.version, version) for s in finding.systems):
            return [h for h in finding.hits if h.system and fits(h.system.version, version)]
        return finding.hits

    def _in(self, hits: Sequence[Hit], coded: Coded, finding: Finding, own: Report) -> None:
        hit = self._best(hits, coded)
        own.system = hit.system_url
        own.version = hit.system.version if hit.system else None
        if hit.system is None:
            self._report.add(m.UNCHECKED_SYSTEM, coded.at("system"), system=hit.system_url)
        else:
            self._check_version(coded, hit.system, finding)
        self._concept(coded, hit.system, hit.concept, own, hit)

    def _best(self, hits: Sequence[Hit], coded: Coded) -> Hit:
        """The hit whose name the code has; else the one in the newest version."""
        if len(hits) == 1:
            return hits[0]
        ordered = sorted(
            hits, key=lambda h: age(h.system.version if h.system else None), reverse=True
        )
        if coded.display is not None:
            for hit in ordered:
                names = right_names(self._scope, hit.concept, hit.system, hit.listed)
                if any(is_same(n.value, coded.display) for n in names.right):
                    return hit
        return ordered[0]

    def _concept(
        self,
        coded: Coded,
        system: CodeSystem | None,
        concept: Concept,
        own: Report,
        hit: Hit | None = None,
    ) -> None:
        names = right_names(self._scope, concept, system, hit.listed if hit else None)
        own.display = names.shown
        if concept.is_inactive:
            own.inactive = True
        if concept.status not in {None, "active", "inactive"}:
            own.status = concept.status
        if system is not None and concept.code != coded.code:
            own.normalized_code = concept.code
        if self._scope.options.membership_only:
            return
        is_allowed = check_concept(self._scope, self._report, coded, system, concept, hit)
        if not is_allowed:
            self._add_not_in(coded)
        check_display(self._scope, self._report, coded, names)

    def _check_version(self, coded: Coded, system: CodeSystem, finding: Finding) -> None:
        """Whether the version of the code is the one of the value set, and is here at all."""
        self._check_allowed(coded, system)
        if coded.version is None or fits(system.version, coded.version):
            return
        used = next((f for f in finding.mismatches if f.system is system), None)
        if used is not None:
            self._mismatch(coded, used.rule.version, used.wanted, system.version)
        if self._scope.find_system(system.url, coded.version) is None:
            self._unknown_version(coded, system.url, coded.version)

    def _check_allowed(self, coded: Coded, system: CodeSystem) -> None:
        wanted = self._scope.rules.checks.get(system.url)
        if wanted is not None and not fits(system.version, wanted):
            self._report.add(
                m.VERSION_NOT_ALLOWED,
                coded.at("version"),
                version=system.version,
                system=system.url,
                wanted=wanted,
            )

    def _mismatch(
        self, coded: Coded, named: str | None, wanted: str | None, used: str | None
    ) -> None:
        message = m.OTHER_VERSION if wanted == named else m.OTHER_VERSION_CHANGED
        if wanted is None:
            message = m.OTHER_VERSION_DEFAULT
        self._report.add(
            message,
            coded.at("version"),
            system=coded.system,
            used=wanted or used,
            named=named or "",
            version=coded.version,
        )

    def _unknown_version(self, coded: Coded, url: str, version: str) -> None:
        known = self._scope.shelf.versions("CodeSystem", url)
        self._report.add(
            m.UNKNOWN_VERSION,
            coded.at("system"),
            system=url,
            version=version,
            known=listing([v for v in known if v]),
        )
        self._report.causes[f"{url}|{version}"] = None

    def _undecidable(self, coded: Coded, finding: Finding, own: Report) -> None:
        """A code system that the value set takes the code from isn't here."""
        self.is_decided = False
        for rule, error in finding.unknown:
            named = error.version
            if named is None or not error.known:
                self._unknown_system(coded, named)
                self._report.causes[_canonical(error.url, named)] = None
                continue
            if coded.version is not None and not fits(coded.version, named):
                self._mismatch(coded, rule.version, named, named)
            self._unknown_version(coded, error.url, named)
        system = self._fallback(coded, finding)
        if system is not None:
            own.version = system.version
            concept = system.concept(coded.code)
            if concept is not None:
                own.display = right_names(self._scope, concept, system, None).shown

    def _fallback(self, coded: Coded, finding: Finding) -> CodeSystem | None:
        """The code system by which to judge a code that isn't in the value set."""
        assert coded.system is not None
        if coded.version is not None:
            return self._scope.find_system(coded.system, coded.version)
        if finding.systems:
            return max(finding.systems, key=lambda s: age(s.version))
        wanted = self._scope.rules.wanted(coded.system, None)
        return self._scope.find_system(coded.system, wanted)

    def _not_in(self, coded: Coded, finding: Finding, own: Report) -> None:
        self._add_not_in(coded)
        if self._scope.options.membership_only:
            return
        system = _known_system(
            self._scope, coded, self._report, coded.version, self._fallback(coded, finding)
        )
        if system is None:
            return
        own.version = system.version
        concept = system.concept(coded.code)
        if concept is None:
            _unknown_code(system, coded, self._report)
            return
        if finding.inactive:
            self._report.add(m.NOT_ACTIVE, coded.at("code"), code=concept.code)
        self._concept(coded, system, concept, own)

    def _unknown_system(self, coded: Coded, version: str | None) -> None:
        message = m.UNKNOWN_VERSION_NONE if version else m.UNKNOWN_SYSTEM
        self._report.add(message, coded.at("system"), system=coded.system, version=version)

    def _add_not_in(self, coded: Coded) -> None:
        message = m.THIS_NOT_IN_VALUE_SET if self._is_concept else m.NOT_IN_VALUE_SET
        self._report.add(message, coded.at("code"), coding=coded.words, value_set=self._name)


def _known_system(
    scope: Scope,
    coded: Coded,
    report: Report,
    version: str | None,
    found: CodeSystem | None = None,
) -> CodeSystem | None:
    """The code system of a code; None, with the reason in the report, when it isn't one."""
    assert coded.system is not None
    system = found or scope.find_system(coded.system, version or _wanted(scope, coded.system))
    if system is not None:
        if system.about.get("content") != "supplement":
            return system
        named = _canonical(system.url, system.version)
        report.add(m.SYSTEM_IS_SUPPLEMENT, coded.at("system"), system=named)
        return None
    if scope.shelf.value_set(coded.system, None) is not None:
        report.add(m.SYSTEM_IS_VALUE_SET, coded.at("system"), system=coded.system)
        return None
    if ":" not in coded.system:
        report.add(m.SYSTEM_IS_RELATIVE, coded.at("system"))
    known = [v for v in scope.shelf.versions("CodeSystem", coded.system) if v]
    if version is None:
        message = m.UNKNOWN_SYSTEM
    else:
        message = m.UNKNOWN_VERSION if known else m.UNKNOWN_VERSION_NONE
    report.add(
        message, coded.at("system"), system=coded.system, version=version, known=listing(known)
    )
    name = f"{coded.system}|{version}" if known and version else coded.system
    report.unknown_systems[name] = None
    return None


def _wanted(scope: Scope, system: str) -> str | None:
    return scope.rules.wanted(system, None)


def _unknown_code(system: CodeSystem, coded: Coded, report: Report) -> None:
    if system.about.get("content") in _FRAGMENT:
        message = m.UNKNOWN_IN_FRAGMENT
    else:
        message = m.UNKNOWN_CODE if system.version else m.UNKNOWN_CODE_UNVERSIONED
    report.add(
        message, coded.at("code"), code=coded.code, system=system.url, version=system.version
    )


def _add_standings(scope: Scope, value_set: ValueSet, report: Report) -> None:
    about = [s.about for s in scope.used_systems.values() if s.url in _told_systems(report)]
    sets = [value_set.resource, *(v.resource for v in scope.used_value_sets.values())]
    report.add_all_standing(standings([*about, *sets], value_set.resource))


def _told_systems(report: Report) -> frozenset[str]:
    return frozenset((report.system,)) if report.system else frozenset()


def _canonical(url: str, version: str | None) -> str:
    return f"{url}|{version}" if version else url
