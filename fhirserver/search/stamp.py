"""The stamp of a row: whose it is, its security labels, its unit. Access rules go by it.

https://hl7.org/fhir/R4/compartmentdefinition-patient.html
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from fhirserver.model.resource import Resource
from fhirserver.search.extract import evaluate
from fhirserver.search.folding import fold_code
from fhirserver.search.hashing import element, reference_self
from fhirserver.search.index import Stamp
from fhirserver.search.parameters import Parameters
from fhirserver.search.paths import Step, find
from fhirserver.search.plan import Evaluate
from fhirserver.search.site import Site
from fhirserver.search.types import reference, token

UNIT: Final[dict[str, tuple[Step, ...]]] = {
    "CareTeam": (Step("managingOrganization"),),
    "Device": (Step("owner"),),
    "Encounter": (Step("serviceProvider"),),
    "EpisodeOfCare": (Step("managingOrganization"),),
    "HealthcareService": (Step("providedBy"),),
    "Location": (Step("managingOrganization"),),
    "Patient": (Step("managingOrganization"),),
    "PractitionerRole": (Step("organization"),),
}
"""Where a type names the organization that is responsible for it; other types have no unit."""

ALSO_OWNED: Final[dict[str, tuple[str, ...]]] = {
    "Contract": ("patient", "subject"),
    "Device": ("patient",),
    "GuidanceResponse": ("patient", "subject"),
    "Task": ("patient", "subject"),
}
"""Types that the patient compartment leaves out, though a resource of theirs may be a patient's."""


def stamp(resource: Resource, parameters: Parameters, site: Site) -> Stamp:
    """Whose a resource is; for a patient, its own."""
    return Stamp(
        owner=_owner(resource, parameters, site),
        labels=_labels(resource),
        unit=_unit(resource, site),
    )


def _owner(resource: Resource, parameters: Parameters, site: Site) -> int | None:
    """The patient that the first of the compartment's parameters with one refers to.

    The record of what was done with several patients' data belongs to none of them.
    """
    resource_type = resource["resourceType"]
    found_all: set[int] = set()
    if resource_type == "Patient":
        return reference_self("Patient", resource["id"]) if "id" in resource else None
    for values in _owning(parameters, resource_type):
        for datatype, value in values(resource):
            if datatype == "Reference" and value.get("reference"):
                found = _patient(value["reference"], site.base_url)
                if found is not None:
                    if resource_type != "AuditEvent":
                        return found
                    found_all.add(found)
    return found_all.pop() if len(found_all) == 1 else None


@lru_cache(maxsize=16_384)
def _patient(text: str, base_url: str) -> int | None:
    """The patient that a reference is to; many resources have the same."""
    found = reference.local(text, Site(base_url))
    return reference_self(*found) if found and found[0] == "Patient" else None


@lru_cache(maxsize=1_024)
def _owning(parameters: Parameters, resource_type: str) -> tuple[Evaluate, ...]:
    """What finds the values of the compartment's parameters."""
    codes = parameters.definitions.compartments["Patient"].get(resource_type)
    known = parameters.for_type(resource_type)
    return tuple(
        evaluate(parameters, resource_type, code)
        for code in codes or ALSO_OWNED.get(resource_type, ())
        if code in known
    )


def _labels(resource: Resource) -> tuple[int, ...]:
    labels = resource.get("meta", {}).get("security")
    if not labels:
        return ()
    found = [pair for label in labels if label for pair in token.pairs("Coding", label)]
    return tuple(element("_security", f"s|{s or ''}|{fold_code(code)}") for s, code in found)


def _unit(resource: Resource, site: Site) -> int | None:
    resource_type = resource["resourceType"]
    if resource_type == "Organization":
        return reference_self("Organization", resource["id"]) if "id" in resource else None
    steps = UNIT.get(resource_type)
    if steps is None:
        return None
    for value in find(resource, steps):
        found = reference.local(value.get("reference") or "", site)
        if found:
            return reference_self(*found)
    return None
