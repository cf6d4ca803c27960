"""Files to load."""

import json
from pathlib import Path

PRACTITIONER = {
    "resourceType": "Practitioner",
    "identifier": [{"system": "http://hospital.example/staff", "value": "7"}],
}
BY_IDENTIFIER = {"reference": "Practitioner?identifier=http://hospital.example/staff|7"}


def text_of(*resources: object) -> bytes:
    """NDJSON, or the text of one document; what is a string already is taken as it is."""
    return "\n".join(r if isinstance(r, str) else json.dumps(r) for r in resources).encode()


def write(path: Path, *resources: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text_of(*resources))
    return path
