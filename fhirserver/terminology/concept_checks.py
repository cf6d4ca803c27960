"""What $validate-code says of a concept that was found: its state, its use, its names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fhirserver.errors import Severity
from fhirserver.terminology import issues as m
from fhirserver.terminology.content import CodeSystem, Concept
from fhirserver.terminology.displays import Name, is_same, names, right, shown
from fhirserver.terminology.membership import Hit
from fhirserver.terminology.report import Coded, Report
from fhirserver.terminology.scope import Scope
from fhirserver.terminology.value_sets import Listed

_DEPRECATED_IN: Final = "http://hl7.org/fhir/StructureDefinition/valueset-deprecated"
_STATUS: Final = "http://hl7.org/fhir/StructureDefinition/structuredefinition-standards-status"


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a concept: all, those that are right, and the one to show."""

    known: Sequence[Name]
    right: Sequence[Name]
    shown: str | None


def right_names(
    scope: Scope, concept: Concept, system: CodeSystem | None, listed: Listed | None
) -> Names:
    """The names of a concept for the languages of the request."""
    known = names(concept, system, listed)
    languages = scope.languages
    found = shown(known, languages)
    return Names(known, right(known, languages), found.value if found else None)


def check_concept(
    scope: Scope,
    report: Report,
    coded: Coded,
    system: CodeSystem | None,
    concept: Concept,
    hit: Hit | None = None,
) -> bool:
    """Findings about the concept itself; False when it isn't allowed here for its state."""
    if system is not None and concept.code != coded.code:
        named = f"{system.url}|{system.version}" if system.version else system.url
        report.add(
            m.OTHER_CASE, coded.at("code"), code=coded.code, right=concept.code, system=named
        )
    if concept.is_inactive:
        status = concept.status or "inactive"
        words = status if status == "inactive" else f"{status} and inactive"
        report.add(m.INACTIVE, coded.at(), code=concept.code, status=words)
        report.inactive = True
    elif concept.status == "deprecated":
        report.add(m.DEPRECATED, coded.at("code"), code=concept.code)
    if hit is not None and hit.listed is not None and _is_deprecated(hit.listed):
        report.add(
            m.DEPRECATED_IN_VALUE_SET,
            coded.at("code"),
            code=concept.code,
            system=hit.system_url,
            value_set=hit.value_set.canonical,
        )
    if concept.is_abstract and scope.options.abstract is False and hit is not None:
        report.add(m.ABSTRACT, coded.at("code"), coding=f"{coded.system}#{coded.code}")
        return False
    return True


def _is_deprecated(listed: Listed) -> bool:
    for extension in listed.extension:
        if extension.get("url") == _DEPRECATED_IN:
            return any(extension.get(k) in {True, "true"} for k in ("valueBoolean", "valueCode"))
        if extension.get("url") == _STATUS and extension.get("valueCode") == "deprecated":
            return True
    return False


def check_display(scope: Scope, report: Report, coded: Coded, known: Names) -> None:
    """Findings about the name that the code is given."""
    display = coded.display
    if display is None or not known.known:
        return
    if any(is_same(n.value, display) for n in known.right):
        return
    place = coded.at("display")
    coding = f"{coded.system}#{coded.code}"
    languages = scope.display_language or ",".join(scope.languages) or "--"
    severity: Severity | None = "warning" if scope.options.lenient_display else None
    default = known.known[0].value
    if any(n.is_out_of_use and is_same(n.value, display) for n in known.known):
        choices = " or ".join(f'"{n.value}"' for n in known.right)
        report.add(m.OUTDATED_DISPLAY, place, display=display, code=coded.code, choices=choices)
    elif not known.right:
        is_known = any(is_same(n.value, display) for n in known.known)
        report.add(
            m.OTHER_LANGUAGE if is_known else m.WRONG_DISPLAY_OTHER_LANGUAGE,
            place,
            None if is_known else severity,
            display=display,
            coding=coding,
            languages=languages,
            default=default,
        )
    else:
        spaced = any(is_same(_squeezed(n.value), _squeezed(display)) for n in known.right)
        report.add(
            m.WRONG_WHITE_SPACE if spaced else m.WRONG_DISPLAY,
            place,
            severity,
            display=display,
            coding=coding,
            languages=languages,
            choices=_choices(known.right),
        )


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _choices(known: Sequence[Name]) -> str:
    words = [f"'{n.value}'" + (f" ({n.language})" if n.language else "") for n in known]
    distinct = list(dict.fromkeys(words))
    if len(distinct) == 1:
        return distinct[0]
    return f"one of {len(distinct)} choices: {', '.join(distinct[:-1])} or {distinct[-1]}"
