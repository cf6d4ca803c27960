"""What is told, or must be overridden, when a prescription is signed: when it becomes active.

An override is a DetectedIssue with the identifier of the finding and a mitigation, which the
prescription names in detectedIssue: stored here, contained, or written at the same time.
https://hl7.org/fhir/R4/medicationrequest-definitions.html#MedicationRequest.detectedIssue
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from fhirserver.errors import Issue, Unprocessable
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Intent, changed
from fhirserver.interactions.medicine_record import Look, by_store, drugs_of, record_of
from fhirserver.model.references import parse_reference
from fhirserver.model.resource import Resource
from fhirserver.prescribing.checks import Record, check
from fhirserver.prescribing.detected_issues import CATEGORY, overridden
from fhirserver.prescribing.finding import Finding
from fhirserver.prescribing.life_cycle import is_signed
from fhirserver.prescribing.medicine import reference_to

_PLACE = "MedicationRequest.detectedIssue"


def signed(
    ctx: Context,
    intents: Mapping[int, Intent],
    before: Mapping[int, Resource | None],
    together: Mapping[str, Resource],
) -> dict[int, Intent]:
    """The intents that sign prescriptions, with what there is to tell.

    Raises Unprocessable, where the setting requires it, for findings of high severity without an
    override. `together` is all that is written at this moment.
    """
    setting = ctx.settings.prescription_checks
    signing = {
        n: i
        for n, i in intents.items()
        if i.resource is not None
        and is_signed(before[n], i.resource)
        and (setting == "require" or (setting == "warn" and i.wants_issues))
    }
    by_patient: dict[str, list[int]] = defaultdict(list)
    for number, intent in signing.items():
        patient = _patient(ctx, intent.resource or {})
        if patient is not None:
            by_patient[patient].append(number)
    told: dict[int, Intent] = {}
    for patient, numbers in by_patient.items():
        found, gaps = _findings(ctx, patient, [signing[n] for n in numbers], together)
        for number in numbers:
            intent = signing[number]
            findings = found[f"{intent.type}/{intent.id}"]
            if setting == "require":
                _refuse_without_reason(ctx, intent, findings, together)
            if intent.wants_issues:
                issues = (*intent.issues, *(_issue(f, "warning") for f in findings), *gaps)
                told[number] = changed(intent, issues=issues)
    return told


def _patient(ctx: Context, resource: Resource) -> str | None:
    reference = str(resource.get("subject", {}).get("reference", ""))
    parsed = parse_reference(reference, ctx.settings.fhir_base)
    is_here = parsed.is_local and parsed.type == "Patient" and parsed.id is not None
    return f"Patient/{parsed.id}" if is_here else None


def _findings(
    ctx: Context, patient: str, signing: Sequence[Intent], together: Mapping[str, Resource]
) -> tuple[dict[str, list[Finding]], list[Issue]]:
    """The findings by the prescription that they are about; that not all could be compared."""
    proposed = [{**(i.resource or {}), "id": i.id} for i in signing]
    look = by_store(ctx)
    known = ctx.medicines.known()
    record = _as_written(ctx, record_of(patient, look, known), patient, together)
    drugs = {**record.drugs, **_drugs(proposed, look, together)}
    found: dict[str, list[Finding]] = defaultdict(list)
    checked = check(proposed, replace(record, drugs=drugs), known)
    for finding in checked.findings:
        found[finding.medicine.reference].append(finding)
    return found, _gaps(len(checked.unchecked))


def _gaps(count: int) -> list[Issue]:
    """That something couldn't be compared: that nothing was found would be no good sign then."""
    if not count:
        return []
    text = (
        f"{count} entries of the patient's record couldn't be compared: MedicationRequest/$check "
        "names them"
    )
    return [Issue("information", "incomplete", text, "MedicationRequest")]


def _drugs(
    proposed: Iterable[Resource], look: Look, together: Mapping[str, Resource]
) -> dict[str, Resource]:
    new = {r: d for r, d in together.items() if d["resourceType"] == "Medication"}
    return {**drugs_of(proposed, look, []), **new}


def _as_written(
    ctx: Context, record: Record, patient: str, together: Mapping[str, Resource]
) -> Record:
    """The record as it will be when what comes at the same time has been written."""

    def now(there: Iterable[Resource], kinds: frozenset[str], element: str) -> list[Resource]:
        kept = [r for r in there if reference_to(r) not in together]
        new = (r for r in together.values() if r["resourceType"] in kinds)
        return kept + [r for r in new if _patient(ctx, {"subject": r.get(element, {})}) == patient]

    medicines = frozenset({"MedicationRequest", "MedicationStatement"})
    return replace(
        record,
        allergies=now(record.allergies, frozenset({"AllergyIntolerance"}), "patient"),
        medicines=now(record.medicines, medicines, "subject"),
    )


def _refuse_without_reason(
    ctx: Context, intent: Intent, findings: Iterable[Finding], together: Mapping[str, Resource]
) -> None:
    severe = [f for f in findings if f.severity == "high"]
    if not severe:
        return
    given = overridden(_overrides(ctx, intent.resource or {}, together))
    missing = [f for f in severe if f.key not in given]
    if missing:
        error = Unprocessable(issues=[_issue(f, "error") for f in missing])
        raise error.inside(intent.place) if intent.place else error


def _overrides(
    ctx: Context, resource: Resource, together: Mapping[str, Resource]
) -> Iterator[Resource]:
    """The DetectedIssues that a prescription names."""
    ids: list[str] = []
    for link in resource.get("detectedIssue", ()):
        reference = str(link.get("reference", ""))
        if reference.startswith("#"):
            yield from (c for c in resource.get("contained", ()) if f"#{c.get('id')}" == reference)
            continue
        parsed = parse_reference(reference, ctx.settings.fhir_base)
        if not parsed.is_local or parsed.type != "DetectedIssue" or parsed.id is None:
            continue
        if f"DetectedIssue/{parsed.id}" in together:
            yield together[f"DetectedIssue/{parsed.id}"]
        else:
            ids.append(parsed.id)
    if ids:
        found = by_store(ctx)("DetectedIssue", (("_id", ",".join(ids)),))
        yield from found[0] if found is not None else ()


def _issue(finding: Finding, severity: str) -> Issue:
    """A finding without the patient's data: outcomes are kept in logs."""
    code, display = CATEGORY[finding.kind]
    what = f"{display} ({code}, {finding.severity})"
    if severity == "error":
        text = (
            f"{what} needs a reason to override it: see MedicationRequest/$check, and name a "
            f"DetectedIssue with a mitigation and the identifier {finding.key}"
        )
        return Issue("error", "business-rule", text, _PLACE)
    return Issue("warning", "business-rule", f"{what}: see MedicationRequest/$check", _PLACE)
