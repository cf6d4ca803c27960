"""What the server knows of medicines as it comes."""

from __future__ import annotations

import json

import pytest

from fhirserver import content
from fhirserver.prescribing.knowledge import knowledge


@pytest.fixture(scope="session")
def shipped():
    folder = content.folder("terminology") / "medicines"
    return knowledge(json.loads(f.read_text()) for f in sorted(folder.glob("ConceptMap-*.json")))
