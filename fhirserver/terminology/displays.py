"""The names of a concept: which of them are right, and which one is shown.

https://hl7.org/fhir/R4/valueset-operation-validate-code.html (`display`, `displayLanguage`)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from fhirserver.terminology.content import CodeSystem, Concept, Designation
from fhirserver.terminology.languages import fits
from fhirserver.terminology.value_sets import Listed

# Standards statuses of a name that is no longer a right one.
_OUT_OF_USE: Final = frozenset({"withdrawn", "deprecated"})
# Where every kind of name that is told is a name to use: synonyms, long and short names.
_NAMING: Final = frozenset({"http://snomed.info/sct", "http://loinc.org"})


@dataclass(frozen=True, slots=True)
class Name:
    """A name of a concept and its language, None where it isn't told."""

    value: str
    language: str | None
    designation: Designation | None = None
    """Where it comes from; None for the display itself."""

    @property
    def is_out_of_use(self) -> bool:
        return self.designation is not None and self.designation.status in _OUT_OF_USE


def names(concept: Concept, system: CodeSystem | None, listed: Listed | None) -> list[Name]:
    """All names of a concept, its display first."""
    return list(_names(concept, system.language if system else None, listed))


def _names(concept: Concept, language: str | None, listed: Listed | None) -> Iterator[Name]:
    if concept.display:
        yield Name(concept.display, language)
    if listed is not None and listed.display and listed.display != concept.display:
        yield Name(listed.display, language)
    for found in (*concept.designations, *(listed.designations if listed else ())):
        if found.value:
            yield Name(found.value, found.language, found)


def shown(known: Sequence[Name], languages: Sequence[str], *, hard: bool = False) -> Name | None:
    """The name to show somebody who reads these languages, most wanted first.

    Where there is none, the display itself; with `hard` nothing then.
    """
    usable = [n for n in known if not n.is_out_of_use and _is_plain(n)]
    for wanted in languages:
        for name in usable:
            if fits(name.language, wanted):
                return name
    default = known[0] if known and known[0].designation is None else None
    if default is not None and hard and languages and default.language is not None:
        return None
    return default


def _is_plain(name: Name) -> bool:
    """Whether it can stand for the display: a name for a special use (an abbreviation) can't."""
    use = name.designation.use if name.designation else None
    return use is None or use.get("code") in {"display", "preferredForLanguage", "synonym"}


def _can_be_display(name: Name) -> bool:
    """Whether a designation's use lets it stand where a display is checked."""
    use = name.designation.use if name.designation else None
    return _is_plain(name) or (use is not None and use.get("system") in _NAMING)


def right(known: Sequence[Name], languages: Sequence[str]) -> list[Name]:
    """The names that are right for somebody who reads these languages."""
    usable = [n for n in known if not n.is_out_of_use and _can_be_display(n)]
    if not languages:
        return usable
    return [n for n in usable if n.language is None or any(fits(n.language, w) for w in languages)]


def is_same(name: str, other: str) -> bool:
    """Whether two names are the same but for case."""
    return name == other or name.casefold() == other.casefold()
