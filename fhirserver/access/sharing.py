"""Single documents that somebody lets a colleague or a team see for a time, as Consents say it.

Such a Consent is active, about privacy, of the category `document-share`, and has one provision: a
permission for named persons or teams to see named documents (`data`, meaning `instance`) until an
end. It opens those documents and the files that it names, nothing else of the patient's. What its
provision says besides might be meant to narrow it, so that one that can't be enforced here opens
nothing: no end, purposes, labels, classes, codes, an action other than access, inner provisions.

https://hl7.org/fhir/R4/consent.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from fhirserver.access.care import membership
from fhirserver.access.moments import period
from fhirserver.errors import Unprocessable
from fhirserver.model.resource import Resource
from fhirserver.search.hashing import reference_self
from fhirserver.search.index import LATEST
from fhirserver.search.site import Site
from fhirserver.search.types.reference import local

CATEGORIES: Final = "https://fhirserver.example/CodeSystem/consent-category"
CATEGORY: Final = "document-share"
TARGETS: Final = ("Binary", "DocumentReference")
"""The types that can be shared: documents, and the files that they consist of."""
MOST: Final = 200
"""The pairs of a document and a receiver that one Consent may come to."""

_PRIVACY: Final = "patient-privacy"
_PERSONS: Final = ("Practitioner", "PractitionerRole")
_CANNOT_TELL: Final = ("class", "code", "dataPeriod", "provision", "purpose", "securityLabel")
_ACCESS: Final = "access"


@dataclass(frozen=True, slots=True, order=True)
class Share:
    """A receiver (digest of an address) may see one resource of a patient for a time.

    `type` and `id` name what is seen: a document, a file, or the Consent that says so.
    """

    patient: int
    type: str
    id: str
    actor: int
    starts: int
    ends: int


def is_share(consent: Resource) -> bool:
    """Whether a Consent is about sharing documents, by its category."""
    codings = [c for k in consent.get("category", ()) for c in k.get("coding", ())]
    return any(c.get("system") == CATEGORIES and c.get("code") == CATEGORY for c in codings)


def shares(consent: Resource, site: Site) -> frozenset[Share]:
    """What a Consent opens, itself included, so that the receivers see who shared what with them.

    Raises Unprocessable for one with too many documents and receivers.
    """
    provision = consent.get("provision") or {}
    if not _is_in_force(consent) or not _can_be_told(provision):
        return frozenset()
    patient = local((consent.get("patient") or {}).get("reference") or "", site)
    starts, ends = period(provision.get("period"), site)
    if patient is None or patient[0] != "Patient" or ends >= LATEST:
        return frozenset()
    whose = reference_self(*patient)
    documents = list(_documents(provision, site))
    actors = list(_actors(provision, whose, site))
    if len(documents) * len(actors) > MOST:
        raise Unprocessable(
            f"the consent shares more than {MOST} times: name fewer documents and receivers",
            expression="Consent.provision",
        )
    if not documents or not actors:
        return frozenset()
    documents.append(("Consent", consent["id"]))
    return frozenset(Share(whose, *d, a, starts, ends) for d in documents for a in actors)


def _is_in_force(consent: Resource) -> bool:
    scope = (consent.get("scope") or {}).get("coding", ())
    is_privacy = any(c.get("code") == _PRIVACY for c in scope)
    return is_privacy and consent.get("status") == "active" and is_share(consent)


def _can_be_told(provision: Resource) -> bool:
    """Whether the provision is a permission that says nothing which isn't heeded here."""
    actions = [c.get("code") for a in provision.get("action", ()) for c in a.get("coding", ())]
    return (
        provision.get("type") == "permit"
        and not any(provision.get(name) for name in _CANNOT_TELL)
        and (not provision.get("action") or _ACCESS in actions)
    )


def _documents(provision: Resource, site: Site) -> Iterator[tuple[str, str]]:
    for data in provision.get("data", ()):
        found = local((data.get("reference") or {}).get("reference") or "", site)
        if data.get("meaning") == "instance" and found and found[0] in TARGETS:
            yield found


def _actors(provision: Resource, patient: int, site: Site) -> Iterator[int]:
    """A team is reached if it is nobody's in particular, or this patient's."""
    for actor in provision.get("actor", ()):
        found = local((actor.get("reference") or {}).get("reference") or "", site)
        if found and found[0] in _PERSONS:
            yield reference_self(*found)
        elif found and found[0] == "CareTeam":
            yield membership(found[1], None)
            yield membership(found[1], patient)


def givers(consent: Resource, site: Site) -> frozenset[str]:
    """The addresses of those who share: the Consent's performers."""
    named: list[Any] = consent.get("performer", [])
    found = (local(p.get("reference") or "", site) for p in named)
    return frozenset("/".join(f) for f in found if f)
