"""HL7 v2 messages of a made-up hospital: admissions, transfers, changes, and results with five values.

Of ten messages four are ADT (two of them A08), six ORU^R01, about patients in turn. Each patient has
a bed, and moves once to the other one of the room.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Final

PATIENTS: Final = 200
_ADT: Final = ("A08", "A08", "A01", "A02")
_VALUES: Final = 5


def messages(source: str, patients: int = PATIENTS) -> Iterator[bytes]:
    """One message after the other, with control ids that begin with `source`; no end to them."""
    for number in count():
        patient = f"{source}{number % patients}"
        control = f"{source}-{number}"
        kind = number // patients % 10
        room = f"{source}{number % patients // 20}^R{number % patients % 20}"
        has_moved = kind >= _ADT.index("A02")
        visit = _visit(patient, f"{room}^B{2 if has_moved else 1}^HOSP")
        lines = (
            _admission(_ADT[kind], control, patient, number, visit)
            if kind < len(_ADT)
            else _result(control, patient, number, visit)
        )
        yield "".join(f"{line}\r" for line in lines).encode()


def _admission(event: str, control: str, patient: str, number: int, visit: str) -> list[str]:
    return [
        _header("ADT", f"ADT^{event}", control),
        f"EVN|{event}|20260301101500",
        f"PID|1||{patient}^^^HOSP^MR||Doe^Jane^N{number}||19700101|F|||{number} Main St^^Town^ST"
        "^12345^USA||555-0100|||M",
        "NK1|1|Doe^John|SPO||555-0101",
        visit,
    ]


def _result(control: str, patient: str, number: int, visit: str) -> list[str]:
    order = f"{control}^LAB"
    return [
        _header("LAB", "ORU^R01^ORU_R01", control),
        f"PID|1||{patient}^^^HOSP^MR||Doe^Jane||19700101|F",
        visit,
        f"ORC|RE|{order}|F{order}",
        f"OBR|1|{order}|F{order}|24323-8^Comprehensive metabolic panel^LN|||20260301090000|||||||||"
        "1234^Smith^Ann^^^Dr||||||20260301101000||CH|F",
        *(
            f"OBX|{n}|NM|{2000 + n}-{n}^Analyte {n}^LN||{(number + n) % 90}.5|mg/dL^mg/dL^UCUM"
            "|1-100||||F|||20260301090000"
            for n in range(1, _VALUES + 1)
        ),
    ]


def _header(application: str, kind: str, control: str) -> str:
    return f"MSH|^~\\&|{application}|HOSP|FHIR|HOSP|20260301101500||{kind}|{control}|P|2.5.1"


def _visit(patient: str, place: str) -> str:
    return f"PV1|1|I|{place}||||1234^Smith^Ann^^^Dr||||||||||||V{patient}^^^HOSP^VN"
