"""What the workflows about results have in common: judge a version, raise what is new, withdraw."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fhirserver import clock
from fhirserver.alerting import Hit, Person, Plan, person_of, taken_at
from fhirserver.alerting import notices as n
from fhirserver.alerting.readings import issued_at, patient_of
from fhirserver.model.resource import Resource
from fhirserver.workflows.alerts import issues, labels_of, raise_alert, withdraw
from fhirserver.workflows.occasion import Occasion

Judge = Callable[[Resource, Person], Sequence[Hit]]


def judge(occasion: Occasion, plan: Plan, may_hit: Callable[[Resource], bool], of: Judge) -> None:
    """Raise an alert for each hit that isn't told yet, and withdraw those that don't hold.

    `may_hit` says without reading anything whether a rule could speak up.
    """
    result = occasion.resource
    hits: Sequence[Hit] = ()
    told: dict[str | None, Resource] = {}
    if occasion.change.version > 1:
        found = issues(occasion, plan.kind, occasion.change.reference)
        told = {n.rule_in(i): i for i in found}
    # What somebody was called for is judged again when it is corrected, however old it is.
    is_due = result is not None and (
        is_fresh(plan, result) or (bool(told) and not is_only_old(plan, result))
    )
    if result is not None and is_due and may_hit(result):
        patient = patient_of(result)
        at = taken_at(result) or clock.now()
        if patient is not None:
            hits = of(result, person_of(occasion.read("Patient", patient), at))
    for hit in hits:
        assert result is not None
        known = told.pop(hit.rule.name, None)
        if known is None or not n.is_standing(known) or known.get("detail") != hit.text:
            about = about_of(occasion, result)
            version = f"{occasion.change.version}"
            raise_alert(occasion, plan, hit, about, version, standing=known)
    told = {name: i for name, i in told.items() if n.is_standing(i)}
    if told and (result is None or not is_only_old(plan, result)):
        is_error = result is None or result.get("status") == "entered-in-error"
        why = "The result was entered in error" if is_error else "The result was corrected"
        for standing in told.values():
            withdraw(occasion, standing, why, is_error=is_error, tell=True)


def is_fresh(plan: Plan, result: Resource) -> bool:
    """Whether a result is of today, and no old record that is loaded.

    What was taken days ago is of today when it was issued today: a blood culture takes that long.
    """
    times = [t for t in (taken_at(result), issued_at(result)) if t is not None]
    return not times or max(times) >= clock.now() - plan.fresh


def is_only_old(plan: Plan, result: Resource) -> bool:
    """Whether a result was judged once and is only too old to be judged again: it still holds."""
    return not is_fresh(plan, result) and result.get("status") not in {
        "entered-in-error", "cancelled", "corrected", "amended",
    }  # fmt: skip


def about_of(occasion: Occasion, result: Resource) -> n.About:
    """Whom and what an alert about a result is about."""
    return n.About(
        occasion.change.reference,
        f"Patient/{patient_of(result)}",
        (occasion.change.reference,),
        result.get("encounter", {}).get("reference"),
        tuple(
            r["reference"]
            for r in result.get("basedOn", ())
            if r.get("reference", "").startswith("ServiceRequest/")
        ),
        labels_of(result),
    )
