"""A table of interactions as a CSV file, for what a hospital is licensed for, as a ConceptMap.

The first line names the columns: `system`, `code`, `other_system`, `other_code`, `severity`,
`explanation`, and, if wanted, `name`, `other_name`, `management`, `source`. A system is an address
or one of RxNorm, ATC and SNOMED.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fhirserver.errors import Invalid
from fhirserver.model.resource import Resource
from fhirserver.prescribing.codes import ATC, RXNORM, Code
from fhirserver.prescribing.knowledge import KIND, PROPERTY, SEVERITIES

SAMPLE: Final = "https://fhirserver.example/ConceptMap/medicine-interactions"
"""The address of the table that comes with the server."""

TITLE: Final = "Interactions of medicines"
NEEDED: Final = ("system", "code", "other_system", "other_code", "severity", "explanation")
_ALSO: Final = ("name", "other_name", "management", "source")
_SYSTEMS: Final = {"rxnorm": RXNORM, "atc": ATC, "snomed": "http://snomed.info/sct"}
_SEVERITY_SET: Final = "http://hl7.org/fhir/ValueSet/detectedissue-severity"
_USE: Final = {"system": "http://terminology.hl7.org/CodeSystem/usage-context-type", "code": "task"}
MOST_WRONG: Final = 10


@dataclass(frozen=True, slots=True)
class About:
    """What the table is called."""

    url: str = SAMPLE
    version: str | None = None
    title: str = TITLE
    source: str | None = None
    """What is told as the source of pairs that name none."""


def concept_map(lines: Iterable[str], about: About) -> Resource:
    """The table as a ConceptMap; raises Invalid with the lines that are wrong."""
    groups: dict[tuple[str, str], dict[str, Resource]] = {}
    count = 0
    for one, other, row in _rows(lines):
        elements = groups.setdefault((one.system, other.system), {})
        element = elements.setdefault(one.code, _named(one.code, row.get("name")) | {"target": []})
        element["target"].append(_target(other, row, about))
        count += 1
    if not count:
        raise Invalid("the table has no lines below its heading")
    made: Resource = {
        "resourceType": "ConceptMap",
        "url": about.url,
        "name": "MedicineInteractions",
        "title": about.title,
        "status": "active",
        "description": f"{count} pairs, loaded from a table.",
        "useContext": [
            {
                "code": _USE,
                "valueCodeableConcept": {"coding": [{"system": KIND, "code": "interactions"}]},
            }
        ],
        "group": [
            {"source": source, "target": target, "element": list(elements.values())}
            for (source, target), elements in groups.items()
        ],
    }
    return made if about.version is None else made | {"version": about.version}


def _rows(lines: Iterable[str]) -> Iterator[tuple[Code, Code, Mapping[str, str]]]:
    reader = csv.DictReader(lines, strict=True)
    try:
        _check_heading(reader.fieldnames or ())
        wrong: list[str] = []
        for row in reader:
            found = _row({k: (v or "").strip() for k, v in row.items() if isinstance(v, str)})
            if isinstance(found, str):
                wrong.append(f"line {reader.line_num}: {found}")
                if len(wrong) >= MOST_WRONG:
                    break
            elif not wrong:
                yield found
    except csv.Error as error:
        raise Invalid(f"line {reader.line_num}: this is no CSV ({error})") from error
    if wrong:
        raise Invalid("; ".join(wrong))


def _check_heading(names: Iterable[str]) -> None:
    given = [n.strip() for n in names]
    missing = [n for n in NEEDED if n not in given]
    if missing:
        raise Invalid(f"the first line has no column {', '.join(missing)}")
    unknown = [n for n in given if n not in {*NEEDED, *_ALSO}]
    if unknown:
        raise Invalid(f"column {unknown[0][:40]!r} is none of {', '.join((*NEEDED, *_ALSO))}")


def _row(row: Mapping[str, str]) -> tuple[Code, Code, Mapping[str, str]] | str:
    """A line as two codes and what is told of them; else what is wrong with it."""
    empty = [n for n in NEEDED if not row.get(n)]
    if empty:
        return f"{empty[0]} is empty"
    if row["severity"] not in SEVERITIES:
        return f"severity is none of {', '.join(SEVERITIES)}"
    codes = []
    for prefix in ("", "other_"):
        system = row[f"{prefix}system"]
        system = _SYSTEMS.get(system.casefold(), system)
        if ":" not in system:
            return f"{prefix}system is neither an address nor one of RxNorm, ATC, SNOMED"
        codes.append(Code(system, row[f"{prefix}code"]))
    return codes[0], codes[1], row


def _named(code: str, name: str | None) -> Resource:
    return {"code": code, "display": name} if name else {"code": code}


def _target(other: Code, row: Mapping[str, str], about: About) -> Resource:
    told: list[dict[str, Any]] = [
        {"property": f"{PROPERTY}severity", "system": _SEVERITY_SET, "value": row["severity"]}
    ]
    source = row.get("source") or about.source
    for name, value in (("management", row.get("management")), ("source", source)):
        if value:
            told.append({"property": f"{PROPERTY}{name}", "value": value})
    return _named(other.code, row.get("other_name")) | {
        "equivalence": "relatedto",
        "comment": row["explanation"],
        "product": told,
    }
