"""Findings as cards of CDS Hooks.

https://cds-hooks.hl7.org/2.0/#card-attributes
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from fhirserver import ids
from fhirserver.model.resource import Resource
from fhirserver.prescribing.detected_issues import CATEGORY
from fhirserver.prescribing.finding import Finding, Unchecked, short
from fhirserver.prescribing.knowledge import Severity
from fhirserver.prescribing.medicine import EXAMINATION
from fhirserver.prescribing.wording import ENGLISH, Words

Indicator = Literal["info", "warning", "critical"]
Card = dict[str, Any]
INDICATOR: Final[Mapping[Severity, Indicator]] = {
    "high": "critical",
    "moderate": "warning",
    "low": "info",
}
_ACT: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
# As a mitigation has them: https://hl7.org/fhir/R4/valueset-detectedissue-mitigation-action.html
_OVERRIDES: Final = ("1", "2", "5", "7", "9", "13")
_ADDRESS: Final = re.compile(r"https?://[^\s,;)]+")
_DOI: Final = re.compile(r"doi:(10\.\S+)")
_MARKS: Final = re.compile(r"([\\`*_\[\]#|!])")
_MOST_GAPS: Final = 20


def card(finding: Finding, *, is_draft: bool, words: Words = ENGLISH) -> Card:
    """A finding as a card; of a draft it is suggested to leave it out."""
    code, display = CATEGORY[finding.kind]
    made: Card = {
        "uuid": ids.new(),
        "summary": short(finding.summary),
        "detail": _plain("\n\n".join(filter(None, (finding.detail, finding.management)))),
        "indicator": INDICATOR[finding.severity],
        "source": _source(finding, words) | {
            "topic": {"system": _ACT, "code": code, "display": display},
        },
        "overrideReasons": [
            {"system": _ACT, "code": c, "display": words[f"reason.{c}"]} for c in _OVERRIDES
        ],
    }  # fmt: skip
    if is_draft and "/" in finding.medicine.reference:
        text = words["card.leave"].format(medicine=finding.medicine.name)
        made["suggestions"] = [{
            "label": short(text),
            "uuid": ids.new(),
            "actions": [{
                "type": "delete",
                "description": text,
                "resourceId": finding.medicine.reference,
            }],
        }]  # fmt: skip
        made["selectionBehavior"] = "at-most-one"
    return made


def gaps_card(gaps: Sequence[Unchecked], words: Words = ENGLISH) -> list[Card]:
    """What couldn't be compared, as one card; none when there is nothing."""
    if not gaps:
        return []
    lines = [f"- {g.reference}: {g.reason}" for g in gaps[:_MOST_GAPS]]
    if len(gaps) > _MOST_GAPS:
        lines.append(f"- {words['card.more'].format(n=len(gaps) - _MOST_GAPS)}")
    return [{
        "uuid": ids.new(),
        "summary": words["card.gaps"].format(n=len(gaps)),
        "detail": _plain("\n".join(lines)),
        "indicator": "info",
        "source": {"label": words["card.prescriptions"]},
    }]  # fmt: skip


def cards(
    findings: Iterable[Finding],
    gaps: Sequence[Unchecked],
    *,
    is_draft: bool,
    words: Words = ENGLISH,
) -> list[Card]:
    """All cards, the most severe first; `words` are of the language of the findings."""
    return [*(card(f, is_draft=is_draft, words=words) for f in findings), *gaps_card(gaps, words)]


def _plain(text: str) -> str:
    """A text for Markdown that is a text: names come from the record, and may hold a link."""
    return _MARKS.sub(r"\\\1", html.escape(text, quote=False))


def _source(finding: Finding, words: Words) -> Resource:
    source = finding.source
    is_examination = finding.medicine.reference.partition("/")[0] == EXAMINATION
    label = words["card.orders" if is_examination else "card.prescriptions"]
    told: Resource = {"label": f"{label}: {source}"}
    address, doi = _ADDRESS.search(source), _DOI.search(source)
    if address is not None:
        told["url"] = address[0]
    elif doi is not None:
        told["url"] = f"https://doi.org/{doi[1]}"
    return told
