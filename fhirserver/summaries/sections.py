"""The sections of the International Patient Summary: their codes, what is in them, in what order.

http://hl7.org/fhir/uv/ips/StructureDefinition/Composition-uv-ips
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fhirserver.model.resource import Resource
from fhirserver.summaries import rows
from fhirserver.summaries.rows import Columns

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a section's resources come from: a type, and the search beside the patient.

    `by` is the search parameter that names the patient.
    """

    type: str
    pairs: Pairs = ()
    by: str = "patient"


@dataclass(frozen=True, slots=True)
class Section:
    """`keep` says which of the resources found belong to it; `order` sorts them.

    Of `latest`, only the newest of each code is kept. `absent` is the key in absent.py of what
    says that a required section has no content.
    """

    title: str
    code: str
    display: str
    sources: tuple[Source, ...]
    columns: Columns
    keep: Callable[[Resource], bool] = lambda _: True
    order: Callable[[Resource], Any] = lambda _: 0
    latest: bool = False
    absent: str | None = None

    def chosen(self, found: Iterable[Resource]) -> list[Resource]:
        """The resources of the section in their order; the newest come first in `found`."""
        kept = [r for r in found if self.keep(r)]
        return sorted(_newest(kept) if self.latest else kept, key=self.order)


def _newest(found: Iterable[Resource]) -> list[Resource]:
    """The first of each code; what has no code is all kept."""
    seen: set[Any] = set()
    kept = []
    for r in found:
        code = r.get("code", {})
        keys = {(c.get("system"), c.get("code")) for c in code.get("coding", ()) if c.get("code")}
        keys = keys or ({code["text"]} if code.get("text") else set())
        if not keys & seen:
            kept.append(r)
        seen |= keys
    return kept


def _codes(value: Resource | None) -> set[str]:
    return {c.get("code", "") for c in (value or {}).get("coding", ())}


_UNTRUE: Final = frozenset({"entered-in-error", "refuted"})
_PAST: Final = frozenset({"inactive", "remission", "resolved"})


def _is_true(r: Resource) -> bool:
    return not _UNTRUE & _codes(r.get("verificationStatus"))


def _is_current(r: Resource) -> bool:
    return _is_true(r) and not _PAST & _codes(r.get("clinicalStatus")) and not _has_ended(r)


def _is_past(r: Resource) -> bool:
    return _is_true(r) and not _is_current(r)


def _has_ended(r: Resource) -> bool:
    """Without a clinical status, an abatement says that it is over."""
    return "clinicalStatus" not in r and any(k.startswith("abatement") for k in r)


def _is_ordered(r: Resource) -> bool:
    return r.get("intent") not in {"proposal", "option"}


def _danger(r: Resource) -> tuple[bool, int]:
    """What is active and most dangerous comes first."""
    critical = {"high": 0, "unable-to-assess": 1, None: 1, "low": 2}
    return not _is_current(r), critical.get(r.get("criticality"), 1)


NO_RESULT: Final = frozenset({"entered-in-error", "cancelled", "registered"})
"""The status of an Observation that says nothing of the patient."""


def _has_result(r: Resource) -> bool:
    return r.get("status") not in NO_RESULT


def _is_no_vital_sign(r: Resource) -> bool:
    kinds = {code for c in r.get("category", ()) for code in _codes(c)}
    return _has_result(r) and not {"vital-signs", "social-history"} & kinds


_NOW: Final = ("status", "active,on-hold")
# Status, expected date, outcomes.
# http://hl7.org/fhir/uv/ips/ValueSet/pregnancies-summary-uv-ips
_PREGNANCY: Final = (
    "82810-3,11778-8,11779-6,11780-4,11636-8,11637-6,11638-4,11639-2,11640-0,11612-9,11613-7,"
    "11614-5,33065-4"
)


def _by_date(category: str) -> Pairs:
    return (("category", category), ("_sort", "-date"))


SECTIONS: Final[tuple[Section, ...]] = (
    Section(
        "Alerts",
        "104605-1",
        "Alert",
        (Source("Flag", (("_sort", "-date"),)),),
        rows.FLAGS,
        keep=lambda r: r.get("status") == "active",
    ),
    Section(
        "Allergies and intolerances",
        "48765-2",
        "Allergies and adverse reactions Document",
        (Source("AllergyIntolerance", (("_sort", "-date"),)),),
        rows.ALLERGIES,
        keep=_is_true,
        order=_danger,
        absent="AllergyIntolerance",
    ),
    Section(
        "Medicines",
        "10160-0",
        "History of Medication use Narrative",
        (
            Source("MedicationStatement", (("status", "active,intended,on-hold,unknown"),)),
            Source("MedicationRequest", (_NOW, ("_sort", "-authoredon"))),
        ),
        rows.MEDICATIONS,
        keep=_is_ordered,
        absent="MedicationStatement",
    ),
    Section(
        "Problems",
        "11450-4",
        "Problem list - Reported",
        (Source("Condition", (("_sort", "-onset-date"),)),),
        rows.CONDITIONS,
        keep=_is_current,
        absent="Condition",
    ),
    Section(
        "Immunizations",
        "11369-6",
        "History of Immunization Narrative",
        (Source("Immunization", (("status", "completed"), ("_sort", "-date"))),),
        rows.IMMUNIZATIONS,
    ),
    Section(
        "Procedures",
        "47519-4",
        "History of Procedures Document",
        (Source("Procedure", (("status", "completed,in-progress,on-hold"), ("_sort", "-date"))),),
        rows.PROCEDURES,
    ),
    Section(
        "Medical devices",
        "46264-8",
        "History of medical device use",
        (Source("DeviceUseStatement"),),
        rows.DEVICES,
        keep=lambda r: r.get("status") in {"active", "on-hold", "completed"},
    ),
    Section(
        "Results",
        "30954-2",
        "Relevant diagnostic tests/laboratory data note",
        (
            Source("DiagnosticReport", (("_sort", "-date"),)),
            Source("Observation", _by_date("laboratory,imaging,exam,procedure")),
        ),
        rows.OBSERVATIONS,
        keep=_is_no_vital_sign,
        latest=True,
    ),
    Section(
        "Vital signs",
        "8716-3",
        "Vital signs note",
        (Source("Observation", _by_date("vital-signs")),),
        rows.OBSERVATIONS,
        keep=_has_result,
        latest=True,
    ),
    Section(
        "Past illnesses",
        "11348-0",
        "History of Past illness note",
        (Source("Condition", (("_sort", "-onset-date"),)),),
        rows.CONDITIONS,
        keep=_is_past,
    ),
    Section(
        "Pregnancy",
        "10162-6",
        "History of pregnancies Narrative",
        (Source("Observation", (("code", _PREGNANCY), ("_sort", "-date"))),),
        rows.OBSERVATIONS,
        keep=_has_result,
        latest=True,
    ),
    Section(
        "Social history",
        "29762-2",
        "Social history note",
        (Source("Observation", _by_date("social-history")),),
        rows.OBSERVATIONS,
        keep=_has_result,
        latest=True,
    ),
    Section(
        "Plan of care",
        "18776-5",
        "Plan of care note",
        (Source("CarePlan", (("status", "active,on-hold,draft"), ("_sort", "-date"))),),
        rows.PLANS,
    ),
    Section(
        "Advance directives",
        "42348-3",
        "Advance healthcare directives",
        (Source("Consent", (("scope", "adr"), ("status", "active"))),),
        rows.DIRECTIVES,
    ),
)

BY_CODE: Final[Mapping[str, Section]] = {s.code: s for s in SECTIONS}
