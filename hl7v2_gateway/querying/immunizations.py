"""Q11 as the query for vaccinations: Z34, answered with Z32 (history), Z31 (candidates) or Z33.

HL7 Version 2.5.1 Implementation Guide for Immunization Messaging, release 1.5, chapters 6.3 and 7.
"""

from __future__ import annotations

from typing import Final

from hl7v2_gateway.er7 import Repetition
from hl7v2_gateway.outbound.tabulated import message
from hl7v2_gateway.outbound.wishes import Wishes
from hl7v2_gateway.querying.asked import REQUIRED, TABLE, Query, Refused
from hl7v2_gateway.querying.asking import Asking, Pair
from hl7v2_gateway.querying.candidates import CURRENT, PATIENT
from hl7v2_gateway.querying.demographics import date, escaped, gender, text
from hl7v2_gateway.querying.response import Response

HISTORY: Final = "Z34"
_PERSON: Final = frozenset({"PID", "PD1", "NK1", "PV1"})


def history(asking: Asking, query: Query) -> Response:
    """The vaccinations of the one patient who is meant, or those who might be.

    QPD-3 are identifiers, QPD-4 the name, QPD-6 the date of birth, QPD-7 the sex.
    """
    if (query.message.value("QPD-1.1") or "").strip() != HISTORY:
        raise Refused(TABLE, "isn't a query that is known here: Z34 asks for vaccinations", 1)
    page = asking.search("Patient", [*_pairs(query), CURRENT], query)
    patients = list(page.resources)
    if not patients:
        return Response(total=0, profile="Z33")
    if len(patients) > 1 or (page.total or 1) > 1 or query.pointer:
        lines = asking.lines(query, patients, PATIENT)
        return Response(lines, len(patients), page.total, page.sent, page.pointer, profile="Z31")
    person = asking.lines(query, patients, PATIENT)
    reference = f"Patient/{patients[0]['id']}"
    given = asking.all("Immunization", ("patient", reference), ("_sort", "date"))
    table = message("VXU^V04", Wishes())
    assert table is not None
    content = [item for item in table["content"] if item.get("segment") not in _PERSON]
    return Response([*person, *asking.lines(query, given, content)], 1, 1, 1, profile="Z32")


def _pairs(query: Query) -> list[Pair]:
    pairs: list[Pair] = []
    numbers = [t for r in query.field(3) if (t := _token(query, r))]
    if numbers:
        return [("identifier", ",".join(numbers))]
    name = next(iter(query.field(4)), None)
    born = (query.message.value("QPD-6") or "").strip()
    if name is None or not (name.component(1).value or "").strip() or not born:
        raise Refused(REQUIRED, "an identifier, or name (QPD-4) and birth (QPD-6) are needed", 3)
    pairs.append(text("family", name.component(1).value or ""))
    given = (name.component(2).value or "").strip()
    if given:
        pairs.append(text("given", given))
    pairs.append(("birthdate", date(born, 6)))
    sex = (query.message.value("QPD-7") or "").strip()
    if sex:
        pairs.append(("gender", gender(sex, 7)))
    return pairs


def _token(query: Query, cx: Repetition) -> str:
    number = (cx.component(1).value or "").strip()
    system = query.system(cx)
    if not number:
        return ""
    return f"{escaped(system)}|{escaped(number)}" if system else escaped(number)
