"""Every message of the corpus that is supported becomes valid R4. The corpus is not in the project."""

from __future__ import annotations

import pytest

from fhirserver.validation import check
from hl7v2_gateway.er7 import Malformed, parse
from hl7v2_gateway.mapping.conversion import Unsupported
from hl7v2_gateway.mapping.convert import convert
from hl7v2_gateway.partners.sender import Sender
from tests.hl7v2_gateway.mapping.converting import CORPUS

FAMILIES = sorted(p.name for p in CORPUS.glob("*_*")) if CORPUS.is_dir() else []


@pytest.mark.skipif(not FAMILIES, reason="the corpus of messages is not on this machine")
@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_converts_to_valid_resources(family: str) -> None:
    sender = Sender(id="his", name="HIS")
    wrong = []
    for file in sorted((CORPUS / family).glob("*.hl7")):
        try:
            conversion = convert(parse(file.read_bytes()), sender, message_id=file.stem)
        except (Malformed, Unsupported):
            continue
        wrong += [
            (file.name, issue.expression, issue.text)
            for upsert in conversion.upserts
            for issue in check(upsert.resource)
        ]
    assert wrong == []
