"""Holds HL7's narrative snippets against what R4 allows in a narrative, as JSON and inside XML.

    .venv/bin/python -m conformance.xhtml.run

The files are of https://github.com/FHIR/fhir-test-cases (Apache-2.0), in `../shared/data/xhtml`. They
have no manifest: `cases.json` says of each file that it is refused, by which rule of R4, and what
makes it right (`mended`), so that both verdicts are asked. A file without a case, a case without a
file and any other verdict end the run with status 1.
"""

from __future__ import annotations

import json as plain_json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fhirserver.errors import FhirError
from fhirserver.model import xml
from fhirserver.model.conformance import shipped
from fhirserver.validation.options import Options
from fhirserver.validation.validator import Validator

HERE = Path(__file__).parent
DATA = HERE.parents[2] / "shared" / "data" / "xhtml"
CASES = HERE / "cases.json"
_DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


@dataclass(frozen=True, slots=True)
class Case:
    """A narrative, and whether R4 allows it."""

    name: str
    div: str
    is_valid: bool


def cases() -> Iterator[Case]:
    """Each file as it is, and as it is mended; raises KeyError for one that nobody has judged."""
    judged = plain_json.loads(CASES.read_text())
    files = {f.name: f for f in sorted(DATA.iterdir()) if f.is_file()}
    for name in judged.keys() - files.keys():
        raise KeyError(f"{name} isn't there")
    for name, file in files.items():
        text = file.read_text()
        yield Case(name, text, is_valid=False)
        mended = text
        for step in judged[name].get("mended", ()):
            if "keep" in step:
                found = re.findall(step["keep"], mended, re.DOTALL)
                assert found, name
                mended = _DIV.format("".join(found))
            else:
                assert re.search(step["replace"], mended, re.DOTALL), name
                mended = re.sub(step["replace"], step["with"], mended, flags=re.DOTALL)
        if mended != text:
            yield Case(f"{name}, mended", mended, is_valid=True)


def as_json(div: str) -> bool:
    """Whether a Patient with this narrative is valid."""
    patient = {"resourceType": "Patient", "text": {"status": "generated", "div": div}}
    issues = Validator(shipped(), options=Options()).validate(patient)
    return not any(i.severity in {"error", "fatal"} for i in issues)


def as_xml(div: str) -> bool:
    """The same for one that comes as XML."""
    body = f'<Patient xmlns="http://hl7.org/fhir"><text><status value="generated"/>{div}</text></Patient>'
    try:
        patient = xml.read(body.encode())
    except FhirError:
        return False
    return as_json(patient["text"].get("div", ""))


def main() -> int:
    """0 when every narrative has its verdict in both forms."""
    total = right = 0
    for case in cases():
        for form, is_valid in (("JSON", as_json(case.div)), ("XML", as_xml(case.div))):
            total += 1
            if is_valid is case.is_valid:
                right += 1
            else:
                print(f"{case.name} as {form}: {'accepted' if is_valid else 'refused'}")
    print(f"{right} of {total} narratives have the verdict of R4")
    return 0 if right == total else 1


if __name__ == "__main__":
    sys.exit(main())
