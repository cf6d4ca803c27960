"""From what is asked about a patient to a search: `@PID.5.1^SMITH` and the fields of Z34.

IHE ITI TF-2, 3.21.4.1.2.2 (which fields of PID can be asked for).
"""

from __future__ import annotations

from typing import Final

from hl7v2_gateway.er7 import Repetition
from hl7v2_gateway.mapping.context import authority
from hl7v2_gateway.querying.asked import DATA_TYPE, REQUIRED, TABLE, Query, Refused

Pair = tuple[str, str]

TEXTS: Final = {
    "PID.5": "family", "PID.5.1": "family", "PID.5.1.1": "family", "PID.5.2": "given",
    "PID.11.1": "address", "PID.11.1.1": "address", "PID.11.3": "address-city",
    "PID.11.4": "address-state", "PID.11.5": "address-postalcode", "PID.11.6": "address-country",
}  # fmt: skip
TOKENS: Final = {
    "PID.13": "phone", "PID.13.1": "phone", "PID.18": "_has:Account:subject:identifier",
    "PID.18.1": "_has:Account:subject:identifier",
}  # fmt: skip
_NUMBER: Final = ("PID.3", "PID.3.1")
_AUTHORITY: Final = {
    "PID.3.4": 0, "PID.3.4.1": 0, "PID.3.4.2": 1, "PID.3.4.3": 2,
}  # fmt: skip
_BIRTH: Final = ("PID.7", "PID.7.1")
_SEX: Final = ("PID.8", "PID.8.1")
GENDERS: Final = {"F": "female", "M": "male", "O": "other", "A": "other", "U": "unknown"}
"""Table 0001, as the v2-to-FHIR guide maps it."""
_LONGEST: Final = 200


def of_parameters(query: Query, field: int) -> list[Pair]:
    """The search that QIP parameters ask for. Raises Refused for one that can't be honoured."""
    pairs: list[Pair] = []
    number, assigner = "", ["", "", ""]
    for repetition in query.field(field):
        name = (repetition.component(1).value or "").removeprefix("@").strip().upper()
        value = repetition.component(2).text.strip()
        if not name or not value:
            continue
        if len(value) > _LONGEST:
            raise Refused(DATA_TYPE, "is too long for what is asked for", field, repetition.number)
        if name in _NUMBER:
            number = value
        elif name in _AUTHORITY:
            assigner[_AUTHORITY[name]] = value
        else:
            pairs.append(_pair(name, value, field, repetition))
    if number:
        system = authority(query.authorities, *assigner) if any(assigner) else ""
        token = escaped(number)
        pairs.append(("identifier", f"{system}|{token}" if system else token))
    elif any(assigner):
        raise Refused(REQUIRED, "an assigning authority is asked for without @PID.3.1", field)
    if not pairs:
        raise Refused(REQUIRED, "says nothing about the patient that is asked for", field)
    return pairs


def _pair(name: str, value: str, field: int, repetition: Repetition) -> Pair:
    if name in TEXTS:
        return text(TEXTS[name], value)
    if name in TOKENS:
        return TOKENS[name], escaped(value)
    if name in _BIRTH:
        return "birthdate", date(value, field, repetition.number)
    if name in _SEX:
        return "gender", gender(value, field, repetition.number)
    # To leave it out would be to answer with patients that weren't asked for.
    raise Refused(TABLE, "can't be asked for here", field, repetition.number, 1)


def text(parameter: str, value: str) -> Pair:
    """A text begins so; with an asterisk before it, it may be anywhere."""
    plain = value.strip("*").strip()
    name = f"{parameter}:contains" if value.startswith("*") else parameter
    return name, escaped(plain)


def date(value: str, *place: int) -> str:
    """YYYY[MM[DD]] as FHIR searches for it."""
    digits = value[:8]
    if not digits.isdecimal() or len(digits) not in {4, 6, 8}:
        raise Refused(DATA_TYPE, "is no date; write it as YYYYMMDD", *place)
    return "-".join(part for part in (digits[:4], digits[4:6], digits[6:8]) if part)


def gender(value: str, *place: int) -> str:
    """The administrative gender of a code of table 0001."""
    found = GENDERS.get(value.upper())
    if found is None:
        raise Refused(TABLE, "isn't a code of table 0001: F, M, O, U or A", *place)
    return found


def escaped(value: str) -> str:
    """A value of a search parameter as it is meant."""
    for character in "\\|,$":
        value = value.replace(character, f"\\{character}")
    return value
