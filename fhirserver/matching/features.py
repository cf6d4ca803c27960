"""What of a Patient is compared, brought into one form.

https://hl7.org/fhir/R4/patient.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from fhirserver.matching.weights import NATIONAL, NATIONAL_SYSTEMS
from fhirserver.model.resource import Resource
from fhirserver.search.folding import fold, fold_code

MOST: Final = 20
"""Values of one field that are compared: more is no patient, and would take long."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """`value` is without case and punctuation, `written` as it was given."""

    system: str
    value: str
    written: str
    is_national: bool


@dataclass(frozen=True, slots=True)
class Name:
    """Words, folded: the parts of a double name. `written` is the family name for a search."""

    family: tuple[str, ...]
    given: tuple[str, ...]
    written: str


@dataclass(frozen=True, slots=True)
class Address:
    line: str
    city: str
    postal_code: str


@dataclass(frozen=True, slots=True)
class Telecom:
    """`value` is the end of a phone number, or a mail address; `written` as it was given."""

    value: str
    written: str


@dataclass(frozen=True, slots=True)
class Features:
    """A Patient, as far as it is compared. `birth_order` is that of a multiple birth."""

    identifiers: tuple[Identifier, ...] = ()
    names: tuple[Name, ...] = ()
    birth_date: str = ""
    gender: str = ""
    telecoms: tuple[Telecom, ...] = ()
    addresses: tuple[Address, ...] = ()
    birth_order: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing by which anybody could be told from others."""
        return not (self.identifiers or self.names or self.birth_date or self.telecoms)


def features_of(patient: Resource) -> Features:
    """The features of a Patient that keeps to its definition."""
    order = patient.get("multipleBirthInteger")
    return Features(
        identifiers=_unique(_identifier(i) for i in _list(patient, "identifier")),
        names=_unique(_name(n) for n in _list(patient, "name")),
        birth_date=(patient.get("birthDate") or "")[:10],
        gender=patient.get("gender") or "",
        telecoms=_unique(_telecom(t) for t in _list(patient, "telecom")),
        addresses=_unique(_address(a) for a in _list(patient, "address")),
        birth_order=order if isinstance(order, int) else None,
    )


def _list(patient: Resource, name: str) -> list[Any]:
    return [v for v in patient.get(name, ()) if v][:MOST]


def _unique(found: Any) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(f for f in found if f is not None))


def _identifier(identifier: Resource) -> Identifier | None:
    value = _PUNCTUATION.sub("", fold_code(identifier.get("value") or ""))
    if not value:
        return None
    system = identifier.get("system") or ""
    codes = {c.get("code") for c in identifier.get("type", {}).get("coding", ())}
    is_national = system in NATIONAL_SYSTEMS or not NATIONAL.isdisjoint(codes)
    return Identifier(system, value, identifier["value"], is_national)


_PUNCTUATION: Final = re.compile(r"[\s\-./]")
_WORDS: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")  # noqa: RUF001


def words(text: str) -> tuple[str, ...]:
    """The words of a name, folded, without apostrophes.

    >>> words("O'Neill-García")
    ('oneill', 'garcia')
    """
    found = _WORDS.findall(fold(text))
    return tuple(w.replace("'", "").replace("’", "") for w in found)  # noqa: RUF001


def _name(name: Resource) -> Name | None:
    family = words(name.get("family") or "")
    given = tuple(w for text in name.get("given", ()) if text for w in words(text))
    written = fold(name.get("family") or "")
    if not family and not given:
        said = words(name.get("text") or "")
        family, given = said[-1:], said[:-1]
        written = " ".join(family)
    return Name(family, given, written) if family or given else None


_PHONE_DIGITS: Final = 9
"""The last digits of a phone number: with or without the country's code it is the same."""


def _telecom(telecom: Resource) -> Telecom | None:
    written = telecom.get("value") or ""
    if telecom.get("system") == "email" or "@" in written:
        return Telecom(fold_code(written), written)
    digits = "".join(c for c in written if c.isdigit())
    return Telecom(digits[-_PHONE_DIGITS:], written) if len(digits) > 5 else None


_STREETS: Final = {
    "street": "st", "road": "rd", "avenue": "ave", "av": "ave", "drive": "dr", "lane": "ln",
    "court": "ct", "boulevard": "blvd", "place": "pl", "apartment": "apt", "strasse": "str",
    "north": "n", "south": "s", "east": "e", "west": "w",
}  # fmt: skip


def _address(address: Resource) -> Address | None:
    lines = (w for line in address.get("line", ()) if line for w in words(line))
    made = Address(
        " ".join(_STREETS.get(w, w) for w in lines),
        " ".join(words(address.get("city") or "")),
        _PUNCTUATION.sub("", fold_code(address.get("postalCode") or "")),
    )
    return made if made.line or made.city or made.postal_code else None
