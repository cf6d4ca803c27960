"""CVX, the vaccines administered: the CDC's table `cvx.txt`, fields divided by bars.

https://terminology.hl7.org/CVX.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from fhirserver.dictionaries.format import Content, Format, code_system, formats
from fhirserver.dictionaries.release import Release
from fhirserver.storage.concept_rows import Term
from fhirserver.terminology.content import Concept, Designation, Property

# Code, short description, full name, notes, status, whether it is no vaccine, last update.
_FIELDS: Final = 7


def _file(release: Release) -> str | None:
    return release.find(r"cvx[^/]*\.txt")


def _read(release: Release, version: str | None) -> Content:
    name = _file(release)
    assert name is not None
    rows = list(release.fields(name, _FIELDS))
    updated = max((_iso(row[6]) for row in rows), default="")
    about = code_system(
        "http://hl7.org/fhir/sid/cvx",
        "CVX",
        "CVX - US vaccine codes",
        version or updated.replace("-", ""),
        property=[
            {"code": "status", "type": "string"},
            {"code": "nonvaccine", "type": "boolean"},
            {"code": "notes", "type": "string"},
        ],
    )
    return Content(about, _terms(rows))


def _terms(rows: Sequence[Sequence[str]]) -> Iterator[Term]:
    for row in rows:
        code, short, full, notes, status, nonvaccine = (field.strip() for field in row[:6])
        properties = [
            Property("status", "String", status),
            Property("nonvaccine", "Boolean", nonvaccine.lower() == "true"),
        ]
        if notes:
            properties.append(Property("notes", "String", notes))
        yield Term(
            Concept(
                code,
                short,
                designations=(Designation(full, "en"),) if full and full != short else (),
                properties=tuple(properties),
                is_inactive=status not in {"Active", "Pending", "Non-US"},
            )
        )


def _iso(text: str) -> str:
    """The date of a table in the order in which dates sort: 2024/06/13, or 6/13/2024."""
    parts = text.strip().split(" ")[0].replace("-", "/").split("/")
    if len(parts) != 3 or not all(p.isdecimal() for p in parts):
        return ""
    year, month, day = parts if len(parts[0]) == 4 else (parts[2], parts[0], parts[1])
    return f"{year}-{int(month):02}-{int(day):02}"


formats.register("cvx")(Format("CVX", lambda r: _file(r) is not None, _read))
