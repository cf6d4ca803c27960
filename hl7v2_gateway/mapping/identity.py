"""Which stored resource a draft is: by its identifiers, else by what it says.

The same message, sent twice or after a crash, must mean the same resources. A resource whose
number the sender gave is found by that number (a conditional update); one without a number gets an
`id` made from what makes it one thing (an allergy: patient and substance), so that it is updated
and not doubled. https://hl7.org/fhir/R4/http.html#cond-update
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha1
from typing import Any, Final
from urllib.parse import quote
from uuid import NAMESPACE_URL, UUID, uuid5

from fhirserver.model.resource import Resource
from hl7v2_gateway.mapping.drafts import Draft

_SPACE: Final = uuid5(NAMESPACE_URL, "https://fhirserver.example/hl7v2").bytes
_MOST_IDS: Final = 8_192

# In a list of identifiers, the type that names the thing itself comes first (table 0203).
_PREFERRED: Final[Mapping[str, tuple[str, ...]]] = {
    "Patient": ("MR", "PI", "PT", "U"),
    "Encounter": ("VN", "AN"),
    "ServiceRequest": ("PLAC", "FILL"),
    "DiagnosticReport": ("FILL", "PLAC"),
    "Immunization": ("FILL", "PLAC"),
    "Practitioner": ("NPI", "DN", "PRN"),
    "Appointment": ("PLAC", "FILL"),
    "Specimen": ("FGN", "PGN", "FILL", "PLAC"),
    "MedicationRequest": ("PLAC", "FILL"),
    "MedicationDispense": ("FILL", "PLAC"),
}
# Numbers of people that say nothing of the record: no identity where another number is there.
_WEAK: Final = frozenset({"SS", "DL", "PPN", "NI", "TAX", "SB"})
# Numbers of whole groups of orders: several reports have the same.
_GROUPS: Final = frozenset({"PGN", "FGN"})
# Types that are identified by number where they have one; the others always by what they say.
_NUMBERED: Final = frozenset(
    [
        "Patient",
        "Encounter",
        "ServiceRequest",
        "DiagnosticReport",
        "Immunization",
        "Appointment",
        "DocumentReference",
        "Specimen",
        "MedicationRequest",
        "MedicationDispense",
        "MedicationAdministration",
        "Account",
        "Practitioner",
        "Procedure",
        "EpisodeOfCare",
        "ChargeItem",
        "Goal",
        "Device",
        "Organization",
    ]
)


def search(draft: Draft) -> str | None:
    """The conditional search that finds the stored resource, when it has a number with a system."""
    if draft.type not in _NUMBERED:
        return None
    found = chosen(draft.type, draft.resource)
    return f"identifier={token(found)}" if found else None


def token(identifier: Resource) -> str:
    """An identifier as the value of a token search.

    >>> token({"system": "urn:oid:1.2", "value": "A 1"})
    'urn:oid:1.2%7CA%201'
    """
    parts = (identifier.get("system", ""), identifier["value"])
    return quote(
        "|".join(
            p.replace("\\", "\\\\").replace("|", "\\|").replace(",", "\\,").replace("$", "\\$")
            for p in parts
        ),
        safe=":/",
    )


def chosen(resource_type: str, resource: Resource) -> Resource | None:
    """The identifier by which a resource is known."""
    if resource.get("masterIdentifier", {}).get("system"):
        return dict(resource["masterIdentifier"])
    listed: list[Resource] = resource.get("identifier") or (
        [resource["masterIdentifier"]] if "masterIdentifier" in resource else []
    )
    usable = [i for i in listed if i.get("value") and i.get("system")]
    if resource_type != "Specimen":
        usable = [i for i in usable if kind(i) not in _GROUPS]
    if not usable:
        return None
    order = _PREFERRED.get(resource_type, ())
    strong = [i for i in usable if kind(i) not in _WEAK] or usable

    def rank(identifier: Resource) -> int:
        word = kind(identifier)
        return order.index(word) if word in order else len(order)

    return min(strong, key=rank)


def kind(identifier: Resource) -> str:
    """The type code of an identifier, empty without one."""
    for coding in identifier.get("type", {}).get("coding", ()):
        if coding.get("code"):
            return str(coding["code"])
    return ""


def key(draft: Draft, sender: str, seen: dict[str, int]) -> str:
    """What makes a draft one thing, as a text from which its id is made.

    Where a search finds it, the draft knows that from now on.
    """
    draft.search = search(draft) if "apart" not in draft.hints else None
    if draft.search is not None:
        return f"{draft.type}?{draft.search}"
    make = _KEYS.get(draft.type, _whole)
    text = f"{draft.type}/{make(draft)}"
    if draft.type not in _SHARED:
        text += f"@{_owner(draft)}"
        count = seen[text] = seen.get(text, 0) + 1
        if count > 1:
            # The same thing said twice in one message is two things.
            text += f"#{count}"
    return text if draft.type in _PUBLIC else f"{sender}:{text}"


@lru_cache(maxsize=_MOST_IDS)
def uuid(text: str) -> str:
    """The id that stands for a key, remembered: wards and doctors come again and again."""
    digest = sha1(_SPACE + text.encode(), usedforsecurity=False).digest()
    return str(UUID(bytes=digest[:16], version=5))


def _owner(draft: Draft) -> str:
    for name in ("patient", "parent"):
        other = draft.hints.get(name)
        if isinstance(other, Draft) and other is not draft:
            return other.identity
    return ""


def _code(concept: Any) -> str:
    if isinstance(concept, list):
        concept = concept[0] if concept else {}
    if not isinstance(concept, dict):
        return str(concept or "")
    for coding in concept.get("coding", ()):
        if coding.get("code"):
            return f"{coding.get('system', '')}|{coding['code']}"
    shown = next((c["display"] for c in concept.get("coding", ()) if "display" in c), "")
    return str(concept.get("text") or shown).casefold()


def _number(resource: Resource) -> str:
    listed = resource.get("identifier", ())
    if isinstance(listed, dict):
        listed = [listed]
    return next((f"{i.get('system', '')}|{i['value']}" for i in listed if i.get("value")), "")


def _name(resource: Resource) -> str:
    name = resource.get("name")
    if isinstance(name, list):
        name = name[0] if name else ""
    if isinstance(name, dict):
        return "^".join((name.get("family", ""), *name.get("given", ()))).casefold()
    return str(name or "").casefold()


def _observation(draft: Draft) -> str:
    """The report's number, OBX-3 and OBX-4: a correction finds what it corrects."""
    parent = draft.hints.get("report")
    above = parent.identity if isinstance(parent, Draft) else ""
    r = draft.resource
    number = _number(r)
    if number:
        return f"number:{number}"
    when = "" if above else str(r.get("effectiveDateTime", ""))
    return f"{above}/{_code(r.get('code'))}/{draft.hints.get('sub', '')}/{when}"


def _whole(draft: Draft) -> str:
    r = draft.resource
    return _number(r) or repr(
        sorted((k, repr(v)) for k, v in r.items() if k not in ("meta", "resourceType"))
    )


def _parts(*names: str) -> Callable[[Draft], str]:
    """A key from elements: `identifier` and `name` as texts, concepts by their first code."""

    def make(draft: Draft) -> str:
        return "/".join(_part(draft.resource, name) for name in names)

    return make


def _numbered(*names: str) -> Callable[[Draft], str]:
    """The number where there is one, else the other elements."""
    rest = _parts(*names)
    return lambda draft: _number(draft.resource) or rest(draft)


def _part(resource: Resource, name: str) -> str:
    if name == "identifier":
        return _number(resource)
    if name == "name":
        return _name(resource)
    value = resource.get(name, "")
    if isinstance(value, dict) and ("coding" in value or "text" in value):
        return _code(value)
    return _code(value) if isinstance(value, list) else str(value)


def _location(draft: Draft) -> str:
    path = draft.hints.get("path") or _number(draft.resource) or _name(draft.resource)
    return str(path).casefold()


def _specimen(draft: Draft) -> str:
    above = draft.hints.get("report")
    parent = above.identity if isinstance(above, Draft) else ""
    return _number(draft.resource) or f"{parent}/{_code(draft.resource.get('type'))}"


def _encounter(draft: Draft) -> str:
    r = draft.resource
    start = r.get("period", {}).get("start", "")
    return f"{_number(r)}/{start or draft.hints.get('message', '')}"


def _patient(draft: Draft) -> str:
    """A patient without a number is one of this message: names alone make nobody the same."""
    return _number(draft.resource) or str(draft.hints.get("message", ""))


def _message(draft: Draft) -> str:
    return f"{draft.hints.get('message', '')}/{draft.hints.get('label', '')}"


_KEYS: Final[Mapping[str, Callable[[Draft], str]]] = {
    "AllergyIntolerance": _numbered("code"),
    "Condition": _numbered("code"),
    "Observation": _observation,
    "RelatedPerson": _numbered("name", "relationship"),
    "Practitioner": _parts("identifier", "name"),
    "Organization": _numbered("name"),
    "Location": _location,
    "Device": _parts("identifier", "manufacturer", "deviceName", "modelNumber", "version"),
    "Coverage": _parts("identifier", "subscriberId", "type"),
    "Encounter": _encounter,
    "MessageHeader": _message,
    "Provenance": _message,
    "Patient": _patient,
    "Specimen": _specimen,
    "Account": _numbered("name"),
    "Medication": _parts("code", "ingredient"),
    "Immunization": _parts("identifier", "vaccineCode", "occurrenceDateTime"),
    "DocumentReference": _numbered("type", "date"),
    "ServiceRequest": _parts("identifier", "code", "authoredOn"),
    "DiagnosticReport": _parts("identifier", "code", "effectiveDateTime", "effectivePeriod"),
    "Procedure": _numbered("code", "performedDateTime"),
    "ChargeItem": _numbered("code", "occurrenceDateTime"),
}
# One for all patients: no owner in the key, and saying it twice is saying it once.
_SHARED: Final = frozenset(
    [
        "Patient",
        "Practitioner",
        "Organization",
        "Location",
        "Medication",
        "Device",
        "Account",
        "MessageHeader",
        "Provenance",
    ]
)
# The same whoever sends it.
_PUBLIC: Final = frozenset({"Medication"})
