"""What belongs to the record of one patient, for rules and scopes that are about one.

https://hl7.org/fhir/R4/compartmentdefinition-patient.html
"""

from __future__ import annotations

from typing import Final

from fhirserver.access.access import NOTHING
from fhirserver.access.combining import either
from fhirserver.search import compartment
from fhirserver.search.hashing import reference_self
from fhirserver.search.query import Condition, OwnedBy, Unowned
from fhirserver.search.scope import Scope
from fhirserver.search.stamp import ALSO_OWNED

SHARED: Final = frozenset(
    [
        "Account",
        "Appointment",
        "AppointmentResponse",
        "Communication",
        "CommunicationRequest",
        "Coverage",
    ]
)
"""Types whose resources are several patients' at once. The other types have one subject: whom else
a resource mentions, as a performer for instance, isn't whose record it is in."""

WITHHELD: Final = frozenset(["Group"])
"""Types that are in the compartment of each member, and tell each who the others are."""


_BY_CONTEXT: Final = frozenset(["Binary"])
"""Types that no compartment has: a file is of the patient whom its `securityContext` leads to.

https://hl7.org/fhir/R4/binary.html#security
"""


def is_owned(resource_type: str, scope: Scope) -> bool:
    """Whether resources of a type are patients'."""
    return (
        resource_type in scope.parameters.definitions.compartments["Patient"]
        or resource_type in ALSO_OWNED
        or resource_type in _BY_CONTEXT
    )


def record(patient: str, resource_type: str, scope: Scope) -> Condition:
    """The rows of a type that are in the record of the patient with this id."""
    if resource_type in WITHHELD or not is_owned(resource_type, scope):
        return NOTHING
    own = OwnedBy(reference_self("Patient", patient))
    if resource_type in SHARED:
        return either([own, compartment.member(("Patient", patient), resource_type, scope)])
    # When a practitioner or a room is free is nobody's secret.
    return either([own, Unowned()]) if resource_type == "Schedule" else own
