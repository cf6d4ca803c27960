"""A patient in a bed with people responsible, and the alerts about them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fhirserver import clock
from fhirserver.alerting import notices
from tests.alerting.results import LOINC, SNOMED, quantity


class World:
    """Writes what a ward writes, through HTTP, and reads what came of it."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.attending = self.made({"resourceType": "Practitioner"})
        self.ordering = self.made({"resourceType": "Practitioner"})
        self.patient = self.made(
            {"resourceType": "Patient", "birthDate": "1960-01-01", "gender": "female"}
        )
        self.department = self.made({"resourceType": "Organization", "name": "Medicine"})
        self.encounter = self.made({
            "resourceType": "Encounter", "status": "in-progress",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
            "subject": to(self.patient),
            "serviceProvider": to(self.department),
            "participant": [{
                "type": [{"coding": [{"code": "ATND"}]}], "individual": to(self.attending)}],
        })  # fmt: skip
        self.order = self.made({
            "resourceType": "ServiceRequest", "status": "active", "intent": "order",
            "subject": to(self.patient), "requester": to(self.ordering),
        })  # fmt: skip

    def made(self, resource: dict[str, Any]) -> dict[str, Any]:
        answer = self._client.post(f"/fhir/{resource['resourceType']}", json=resource)
        assert answer.status_code == 201, answer.text
        return answer.get_json()

    def put(self, resource: dict[str, Any], **changes: Any) -> dict[str, Any]:
        whole = {**resource, **changes}
        answer = self._client.put(f"/fhir/{reference(whole)}", json=whole)
        assert answer.status_code in {200, 201}, answer.text
        return answer.get_json()

    def result(self, code: str, number: str, unit: str, *, hours: float = 0, **more: Any) -> Any:
        value = quantity(number, unit)
        return {
            "resourceType": "Observation", "status": "final",
            "code": {"coding": [{"system": LOINC, "code": code}]},
            "subject": to(self.patient), "encounter": to(self.encounter),
            "basedOn": [to(self.order)],
            "effectiveDateTime": (clock.now() - timedelta(hours=hours)).isoformat(),
            "valueQuantity": {**value, "value": float(value["value"])}, **more,
        }  # fmt: skip

    def consciousness(self, code: str) -> Any:
        one = self.result("67775-7", "1", "1")
        del one["valueQuantity"]
        return one | {"valueCodeableConcept": {"coding": [{"system": SNOMED, "code": code}]}}

    def found(self, kind: str, **more: str) -> list[dict[str, Any]]:
        """What is there of the patient, the oldest first."""
        answer = self._client.get(f"/fhir/{kind}", query_string={
            "patient": reference(self.patient), "_sort": "_lastUpdated", "_count": "100", **more})  # fmt: skip
        assert answer.status_code == 200, answer.text
        return [e["resource"] for e in answer.get_json().get("entry", ())]

    def tasks(self) -> list[dict[str, Any]]:
        return self.found("Task", code=f"{notices.TASKS}|{notices.ANSWER}")

    def messages(self) -> list[dict[str, Any]]:
        return self.found("Communication")

    def current(self, resource: dict[str, Any]) -> dict[str, Any]:
        return self._client.get(f"/fhir/{reference(resource)}").get_json()

    def delete(self, resource: dict[str, Any]) -> None:
        self._client.delete(f"/fhir/{reference(resource)}")


def reference(resource: dict[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def to(resource: dict[str, Any]) -> dict[str, str]:
    return {"reference": reference(resource)}
