"""ICD-10-CM: the order file `icd10cm_order_2024.txt`, whose columns have fixed places.

https://terminology.hl7.org/ICD.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fhirserver.dictionaries.format import Content, Format, code_system, formats
from fhirserver.dictionaries.release import Release
from fhirserver.errors import Invalid
from fhirserver.storage.concept_rows import Term
from fhirserver.terminology.content import Concept, Designation, Property

# From column 1 the order number, from 7 the code, at 15 whether it may be used in a claim, from 17
# the short and from 78 the long description.
_CATEGORY: Final = 3


def _file(release: Release) -> str | None:
    return release.find(r"icd10cm[-_]order[-_]?(?:[^/]*)\.txt")


def _read(release: Release, version: str | None) -> Content:
    name = _file(release)
    assert name is not None
    year = re.search(r"20\d\d", name)
    about = code_system(
        "http://hl7.org/fhir/sid/icd-10-cm",
        "ICD10CM",
        "International Classification of Diseases, 10th Revision, Clinical Modification",
        version or (year[0] if year else _no_version(name)),
        hierarchyMeaning="is-a",
        property=[{"code": "billable", "type": "boolean"}],
    )
    return Content(about, _terms(release, name))


def _no_version(name: str) -> str:
    raise Invalid(f"{name} doesn't name the year: give it with --release")


def _terms(release: Release, name: str) -> Iterator[Term]:
    known: set[str] = set()
    with release.opened(name) as text:
        for number, raw in enumerate(text, 1):
            line = raw.rstrip("\r\n")
            code, is_billable = line[6:13].strip(), line[14:15]
            if not line[:5].isdecimal() or not code or is_billable not in {"0", "1"}:
                raise Invalid(
                    f"{name} line {number} is not one of an order file: download it again"
                )
            short, long = line[16:76].strip(), line[77:].strip()
            known.add(code)
            yield Term(
                Concept(
                    _dotted(code),
                    long or short,
                    designations=(Designation(short, "en"),) if short and short != long else (),
                    properties=(Property("billable", "Boolean", is_billable == "1"),),
                ),
                _parents(code, known),
            )


def _parents(code: str, known: set[str]) -> tuple[str, ...]:
    """The next shorter code that there is: placeholders (X) have no code of their own."""
    for length in range(len(code) - 1, _CATEGORY - 1, -1):
        if code[:length] in known:
            return (_dotted(code[:length]),)
    return ()


def _dotted(code: str) -> str:
    """The code as it is written: the files leave its dot out.

    >>> _dotted("S72001A"), _dotted("I10")
    ('S72.001A', 'I10')
    """
    return f"{code[:3]}.{code[3:]}" if len(code) > _CATEGORY else code


formats.register("icd-10-cm")(Format("ICD-10-CM", lambda r: _file(r) is not None, _read))
