"""An allergy is written down, and the patient is taking what it is about.

An order that goes against a known allergy is met when it is written: see `prescribing`.
"""

from __future__ import annotations

from collections.abc import Callable

from fhirserver import clock
from fhirserver.alerting import conflicts
from fhirserver.alerting import notices as n
from fhirserver.alerting.allergies import TAKEN
from fhirserver.alerting.readings import patient_of
from fhirserver.model.resource import Resource
from fhirserver.prescribing.allergies import allergy_findings
from fhirserver.prescribing.knowledge import Knowledge
from fhirserver.prescribing.medicine import medicine_of
from fhirserver.workflows.alerts import issues, labels_of, raise_alert, withdraw
from fhirserver.workflows.occasion import Occasion
from fhirserver.workflows.registering import workflow
from fhirserver.workflows.rules import plan

_KIND = "new-allergy"


@workflow("new_allergy", types=("AllergyIntolerance",))
def act(occasion: Occasion) -> None:
    rules = plan(occasion, _KIND)
    allergy, reference = occasion.resource, occasion.change.reference
    told = {}
    if occasion.change.version > 1:
        told = {n.key_in(i): i for i in issues(occasion, _KIND, reference)}
    if allergy is not None and rules.rules and _is_new(occasion, rules.fresh.total_seconds()):
        orders, medicines = _taken(occasion, f"Patient/{patient_of(allergy)}")
        said = _said(allergy, medicines, occasion.medicines())
        for order, hit in conflicts(rules.rules[0], allergy, orders, medicines, said):
            key = f"{order['resourceType']}/{order['id']}/{reference}"
            place = order.get("encounter") or order.get("context") or {}
            about = n.About(
                key,
                f"Patient/{patient_of(allergy)}",
                (reference,),
                place.get("reference"),
                _orders(order),
                labels_of(allergy, order),
            )
            known = told.pop(n.key_of(hit, about), None)
            if known is None or not n.is_standing(known):
                version = f"{occasion.change.version}"
                raise_alert(occasion, rules, hit, about, version, standing=known)
    is_error = allergy is None or "entered-in-error" in str(allergy.get("verificationStatus"))
    for standing in filter(n.is_standing, told.values()):
        why = "The allergy was entered in error" if is_error else "The allergy no longer holds"
        withdraw(occasion, standing, why, is_error=is_error, tell=True)


def _said(
    allergy: Resource, medicines: dict[str, Resource], known: Knowledge
) -> Callable[[Resource], str | None]:
    """What the checks of prescriptions say: by ingredients, groups and cross-reactions."""

    def said(order: Resource) -> str | None:
        medicine = medicine_of(order, medicines, known)
        found = next(allergy_findings(medicine, [allergy], known), None)
        return None if found is None else found.detail.rstrip(".")

    return said


def _is_new(occasion: Occasion, seconds: float) -> bool:
    """Whether it was written of late: what an old record says is known to its patient's doctors."""
    return (clock.now() - occasion.change.updated).total_seconds() < seconds


def _taken(occasion: Occasion, patient: str) -> tuple[list[Resource], dict[str, Resource]]:
    """What the patient takes by orders and by what was told, and the medicines of that."""
    orders: list[Resource] = []
    medicines: dict[str, Resource] = {}
    for kind, states in TAKEN.items():
        for one in occasion.search(
            kind,
            ("patient", patient),
            ("status", ",".join(sorted(states))),
            ("_include", f"{kind}:medication"),
        ):
            if one["resourceType"] == "Medication":
                medicines[f"Medication/{one['id']}"] = one
            else:
                orders.append(one)
    return orders, medicines


def _orders(order: Resource) -> tuple[str, ...]:
    """The prescription: who wrote it is told after the attending."""
    is_order = order["resourceType"] == "MedicationRequest"
    return (f"MedicationRequest/{order['id']}",) if is_order else ()
