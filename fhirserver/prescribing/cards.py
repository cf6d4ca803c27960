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

Indicator = Literal["info", "warning", "critical"]
Card = dict[str, Any]
INDICATOR: Final[Mapping[Severity, Indicator]] = {
    "high": "critical",
    "moderate": "warning",
    "low": "info",
}
_ACT: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
# As a mitigation has them: https://hl7.org/fhir/R4/valueset-detectedissue-mitigation-action.html
OVERRIDE_REASONS: Final[Sequence[Mapping[str, str]]] = tuple(
    {"system": _ACT, "code": code, "display": display}
    for code, display in (
        ("1", "Therapy Appropriate"),
        ("2", "Assessed Patient"),
        ("5", "Consulted Prescriber"),
        ("7", "Interacting Therapy No Longer Active/Planned"),
        ("9", "Instituted Ongoing Monitoring Program"),
        ("13", "Stopped Concurrent Therapy"),
    )
)
_ADDRESS: Final = re.compile(r"https?://[^\s,;)]+")
_DOI: Final = re.compile(r"doi:(10\.\S+)")
_MARKS: Final = re.compile(r"([\\`*_\[\]#|!])")
_LABEL: Final = "Prescription checks"
_MOST_GAPS: Final = 20


def card(finding: Finding, *, is_draft: bool) -> Card:
    """A finding as a card; of a draft it is suggested to leave it out."""
    code, display = CATEGORY[finding.kind]
    made: Card = {
        "uuid": ids.new(),
        "summary": short(finding.summary),
        "detail": _plain("\n\n".join(filter(None, (finding.detail, finding.management)))),
        "indicator": INDICATOR[finding.severity],
        "source": _source(finding.source) | {
            "topic": {"system": _ACT, "code": code, "display": display},
        },
        "overrideReasons": [dict(r) for r in OVERRIDE_REASONS],
    }  # fmt: skip
    if is_draft and "/" in finding.medicine.reference:
        text = f"Don't order {finding.medicine.name}"
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


def gaps_card(gaps: Sequence[Unchecked]) -> list[Card]:
    """What couldn't be compared, as one card; none when there is nothing."""
    if not gaps:
        return []
    lines = [f"- {g.reference}: {g.reason}" for g in gaps[:_MOST_GAPS]]
    if len(gaps) > _MOST_GAPS:
        lines.append(f"- and {len(gaps) - _MOST_GAPS} more")
    return [{
        "uuid": ids.new(),
        "summary": f"Not everything could be checked: {len(gaps)} entries of the record",
        "detail": _plain("\n".join(lines)),
        "indicator": "info",
        "source": {"label": _LABEL},
    }]  # fmt: skip


def cards(findings: Iterable[Finding], gaps: Sequence[Unchecked], *, is_draft: bool) -> list[Card]:
    """All cards, the most severe first."""
    return [*(card(f, is_draft=is_draft) for f in findings), *gaps_card(gaps)]


def _plain(text: str) -> str:
    """A text for Markdown that is a text: names come from the record, and may hold a link."""
    return _MARKS.sub(r"\\\1", html.escape(text, quote=False))


def _source(source: str) -> Resource:
    told: Resource = {"label": f"{_LABEL}: {source}"}
    address, doi = _ADDRESS.search(source), _DOI.search(source)
    if address is not None:
        told["url"] = address[0]
    elif doi is not None:
        told["url"] = f"https://doi.org/{doi[1]}"
    return told
