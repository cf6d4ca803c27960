"""What the rest of the server asks of terminology: one object, for all requests of a process."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Final

from fhirserver.errors import FhirError
from fhirserver.model.canonicals import split
from fhirserver.model.kept import Kept
from fhirserver.model.resource import Resource
from fhirserver.terminology.checking import check_code, check_codings, check_in_system
from fhirserver.terminology.content import Code, Codes, CodeSystem, Dictionaries, Sources
from fhirserver.terminology.expansion import expand
from fhirserver.terminology.library import Library, Loan, Shelf
from fhirserver.terminology.membership import member_of
from fhirserver.terminology.options import Options
from fhirserver.terminology.report import Coded, Report
from fhirserver.terminology.scope import Scope, UnknownValueSet
from fhirserver.terminology.value_sets import ValueSet

_MEMBERSHIPS_KEPT: Final = 50_000
_EXPANDED_CODES_KEPT: Final = 30_000
_REPORT_BYTES_KEPT: Final = 4_000_000
# What a report takes besides its text.
_REPORT_BYTES: Final = 2_000


class _State:
    """What was made of one generation of the content."""

    def __init__(self, generation: str, library: Library) -> None:
        self.generation = generation
        self.library = library
        self.memberships = Kept[bool | None](_MEMBERSHIPS_KEPT)
        self.expansions = Kept[Resource](_EXPANDED_CODES_KEPT)
        self.reports = Kept[tuple[ValueSet, Report]](_REPORT_BYTES_KEPT)


class _Snapshot:
    """A content.Codes of one generation."""

    def __init__(self, state: _State) -> None:
        self._state = state

    def member_of(self, value_set: str, coding: Code) -> bool | None:
        """Whether a code is in a value set; None when that can't be decided here."""
        state = self._state
        key = value_set, coding.system, coding.code, coding.version
        kept = state.memberships.get(key)
        if kept is not None:
            return kept[0]
        found = state.library.value_set(*split(value_set))
        answer = None
        if found is not None:
            try:
                scope = Scope(state.library, Options(), found)
                answer = member_of(scope, found, coding.system, coding.code, coding.version)
            except FhirError:
                answer = None
        state.memberships.put(key, answer, 1)
        return answer

    def subsumes(self, system: str, code: str, other: str) -> bool | None:
        """Whether `code` is `other` or above it; None when that can't be decided here."""
        found = self._state.library.code_system(system, None)
        if found is None:
            return None
        concepts = found.concept(code), found.concept(other)
        if concepts[0] is None or concepts[1] is None:
            return None
        above, below = concepts[0].code, concepts[1].code
        return above == below or found.is_descendant(below, above)


def _is_held(shelf: Shelf, value_set: ValueSet) -> bool:
    """Whether this very value set is found by its address; one that a caller reads may differ."""
    url = value_set.url
    return bool(url) and any(
        shelf.value_set(url, version) is value_set for version in (None, value_set.version)
    )


class Terminology:
    """The terminology of the server; also a content.Codes."""

    def __init__(
        self,
        sources: Sources,
        dictionaries: Sequence[Dictionaries] = (),
        *,
        most_codes: int,
        keeps_reports: bool = True,
    ) -> None:
        """`keeps_reports`: no code system is another server's, which may change unnoticed."""
        self._sources = sources
        self._dictionaries = tuple(dictionaries)
        self._most_codes = most_codes
        self._keeps_reports = keeps_reports
        self._lock = threading.Lock()
        self._state: _State | None = None

    def shelf(self, resources: Iterable[Resource] = ()) -> Shelf:
        """Where to look things up now, with resources that come with the request first."""
        library = self._current().library
        own = list(resources)
        return Loan(own, library) if own else library

    def value_set(self, shelf: Shelf, url: str, version: str | None = None) -> ValueSet:
        """The value set with this canonical address; raises UnknownValueSet."""
        url, own = split(url)
        version = version or own
        found = shelf.value_set(url, version)
        if found is None:
            raise UnknownValueSet(f"{url}|{version}" if version else url)
        return found

    def expand(self, shelf: Shelf, value_set: ValueSet, options: Options) -> Resource:
        """The value set with its expansion; never change it."""
        state = self._current()
        if shelf is not state.library or not value_set.url:
            return expand(Scope(shelf, options, value_set), value_set, most=self._most_codes)
        key = value_set.canonical, repr(options)
        kept = state.expansions.get(key)
        if kept is not None:
            return kept[0]
        made = expand(Scope(shelf, options, value_set), value_set, most=self._most_codes)
        state.expansions.put(key, made, 10 + len(made["expansion"].get("contains", ())))
        return made

    def validate_code(
        self, shelf: Shelf, value_set: ValueSet, coded: Coded, options: Options
    ) -> Report:
        """Whether a code is in a value set, and what else there is to say of it; never change it.

        Forms and imports ask for the same codes over and over: what was found is kept as long as
        nothing of the content changes, where only the language is asked for besides.
        """
        state = self._current()
        is_usual = (
            self._keeps_reports
            and shelf is state.library
            and options == Options(display_language=options.display_language)
        )
        key = id(value_set), coded, options.display_language
        if is_usual and (kept := state.reports.get(key)) is not None:
            return kept[0][1]
        report = check_code(Scope(shelf, options, value_set), value_set, coded)
        if is_usual and _is_held(shelf, value_set):
            state.reports.put(key, (value_set, report), _REPORT_BYTES + len(report.text))
        return report

    def validate_concept(
        self, shelf: Shelf, value_set: ValueSet, concept: Resource, options: Options
    ) -> Report:
        """The same of a CodeableConcept."""
        scope = Scope(shelf, options, value_set)
        return check_codings(scope, value_set, concept, codings_of(concept))

    def validate_in_system(
        self,
        shelf: Shelf,
        codings: Sequence[Coded],
        options: Options,
        *,
        given: CodeSystem | None = None,
        concept: Resource | None = None,
    ) -> Report:
        """Whether codes are right in their code system."""
        return check_in_system(Scope(shelf, options), codings, given, concept)

    def codes(self) -> Codes:
        """What is known now: for one request, that asks about many codes."""
        return _Snapshot(self._current())

    def member_of(self, value_set: str, coding: Code) -> bool | None:
        """Whether a code is in a value set; None when that can't be decided here."""
        return self.codes().member_of(value_set, coding)

    def subsumes(self, system: str, code: str, other: str) -> bool | None:
        """Whether `code` is `other` or above it; None when that can't be decided here."""
        return self.codes().subsumes(system, code, other)

    def _current(self) -> _State:
        generation = self._sources.generation
        state = self._state
        if state is None or state.generation != generation:
            with self._lock:
                state = self._state
                if state is None or state.generation != generation:
                    library = Library(self._sources, self._dictionaries)
                    state = self._state = _State(generation, library)
        return state


def codings_of(concept: Resource, place: str = "CodeableConcept") -> list[Coded]:
    """The codings of a CodeableConcept, with their places."""
    return [
        coding(c, f"{place}.coding[{at}]")
        for at, c in enumerate(concept.get("coding", ()))
        if c.get("code") is not None
    ]


def coding(found: Resource, place: str = "Coding") -> Coded:
    """A Coding as a code to be checked."""
    return Coded(
        found.get("code", ""),
        found.get("system"),
        found.get("version"),
        found.get("display"),
        place,
    )
