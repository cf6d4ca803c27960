"""What FHIR has no words for comes back as it was sent, as long as its element stays the same."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from hl7v2_gateway.mapping.context import Context, How
from hl7v2_gateway.mapping.datatypes import MAPS
from hl7v2_gateway.mapping.views import Repetition
from hl7v2_gateway.outbound.restoring import restoring
from hl7v2_gateway.outbound.segments import Repetition as Sent
from hl7v2_gateway.outbound.wishes import Wishes
from hl7v2_gateway.outbound.writing import Writing, writers
from tests.hl7v2_gateway.mapping.sampling import repetition
from tests.hl7v2_gateway.outbound.hospital import Memory

FULL = {
    ("XPN", "HumanName"): "Smith&van^Anna^B.^Jr^Dr^MD^L^A^C^20200101&20210101^G^^^PhD",
    (
        "XAD",
        "Address",
    ): "1 High St&High St&1^Flat 2^Ulm^BW^89073^DE^H^Other^County^6059^A^^^^^^^^c/o X",
    ("XTN", "ContactPoint"): "(731)1X2^PRN^PH^a@b.example^49^731^1^2^ring twice^^^07311",
    ("CX", "Identifier"): "4711^4^M11^HOSP&1.2.36.1&ISO^MR^WARD&1.2.3&ISO^20200101^20210101^^^X",
    ("CWE", "CodeableConcept"): "A^Alpha^L^B^Beta^L^1.0^2.0^said^C^Gamma^L^3.0^1.2.3",
    ("XON", "Organization"): "Lab^L^12^4^M11^LAB&1.2.3&ISO^XX^FAC^A^99",
    ("XCN", "Practitioner"): "99^House&van^Greg^B.^Jr^Dr^MD^SRC^HOSP&1.2.3&ISO^L^4^M11^DN^FAC^A",
}


def _made(v2: str, fhir: str, text: str) -> tuple[Any, Repetition]:
    sent = repetition(text)
    context = Context(UTC, {}, restore=restoring("2.5.1"))
    value = MAPS[f"{v2}[{fhir}]".lower()](sent, context, How())
    restoring("2.5.1").note(v2, fhir.lower(), value, sent.components)
    # A telephone with an e-mail address is two contacts; what was sent is noted in the first.
    return (value[0] if isinstance(value, list) else value), sent


def _written(v2: str, fhir: str, value: Any) -> dict[str, str]:
    writing = Writing(Wishes(version="2.5.1"), Memory(()))
    return _texts(writers[v2, fhir](value, writing) or ())


def _texts(found: Sent) -> dict[str, str]:
    return {
        f"{n}.{m}": text
        for n, parts in enumerate(found, 1)
        for m, text in enumerate(parts, 1)
        if text
    }


@pytest.mark.parametrize(("v2", "fhir"), FULL)
def test_every_component_of_a_value_comes_back(v2: str, fhir: str) -> None:
    value, sent = _made(v2, fhir, FULL[v2, fhir])

    again = _written(v2, fhir, value)

    assert _texts(sent.components).items() <= again.items()


def test_who_changes_a_number_does_not_get_the_old_one_sent() -> None:
    value, _ = _made("XTN", "ContactPoint", "0731 1^PRN^PH^^^^^^^^^0731 1")

    again = _written("XTN", "ContactPoint", {**value, "value": "0731 2"})

    assert again["12.1"] == "0731 2"
    assert "0731 1" not in again.values()


def test_a_value_that_FHIR_says_as_well_has_no_notes() -> None:
    value, _ = _made("CWE", "CodeableConcept", "2345-7^Glucose^LN")

    assert "extension" not in value
