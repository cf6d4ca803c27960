"""SNOMED CT: the snapshot files of a release in RF2.

https://confluence.ihtsdotools.org/display/DOCRELFMT, https://hl7.org/fhir/R4/snomedct.html
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from fhirserver.dictionaries.format import Content, Format, code_system, formats
from fhirserver.dictionaries.release import Release
from fhirserver.errors import Invalid
from fhirserver.storage.concept_rows import Term
from fhirserver.terminology.content import Concept, Designation, Property

_URL: Final = "http://snomed.info/sct"
_IS_A: Final = "116680003"
_FULLY_SPECIFIED: Final = "900000000000003001"
_PREFERRED: Final = "900000000000548007"
_DEFINED: Final = "900000000000073002"
_INTERNATIONAL: Final = "900000000000207008"
# https://hl7.org/fhir/R4/snomedct.html#properties; the attributes of concepts are added to these.
_PROPERTIES: Final = (
    {"code": "inactive", "type": "boolean",
     "uri": "http://hl7.org/fhir/concept-properties#inactive"},
    {"code": "sufficientlyDefined", "type": "boolean"},
    {"code": "moduleId", "type": "code"},
    {"code": "effectiveTime", "type": "string"},
)  # fmt: skip

_CONCEPTS: Final = r"x?sct2_Concept_Snapshot_[^/]*\.txt"
_DESCRIPTIONS: Final = r"x?sct2_Description_Snapshot[^/]*\.txt"
_RELATIONSHIPS: Final = r"x?sct2_Relationship_Snapshot_[^/]*\.txt"
_LANGUAGES: Final = r"x?der2_cRefset_Language_?Snapshot[^/]*\.txt"

Rows = Iterator[Mapping[str, str]]


def _is_release(release: Release) -> bool:
    return release.find(_CONCEPTS) is not None


def _read(release: Release, version: str | None) -> Content:
    concepts = release.all(_CONCEPTS)
    for pattern, what in ((_DESCRIPTIONS, "Description"), (_RELATIONSHIPS, "Relationship")):
        if not release.all(pattern):
            raise Invalid(f"the release has no {what} snapshot: take the whole package")
    date = re.search(r"_(\d{8})\.txt$", concepts[-1])
    if version is None and date is None:
        raise Invalid("the files don't name the date of the release: give it with --release")
    named = version or f"{_URL}/{_INTERNATIONAL}/version/{date[1] if date else ''}"
    relations = _Relations(release)
    about = code_system(
        _URL,
        "SNOMED_CT",
        "SNOMED CT",
        named,
        hierarchyMeaning="is-a",
        property=[*_PROPERTIES, *({"code": c, "type": "code"} for c in sorted(relations.kinds))],
    )
    return Content(about, _terms(release, concepts, relations))


class _Relations:
    """The active relationships of a release, by the concept that they start from."""

    def __init__(self, release: Release) -> None:
        self.parents: dict[str, list[str]] = defaultdict(list)
        self.attributes: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self.kinds: set[str] = set()
        for name in release.all(_RELATIONSHIPS):
            for row in _active(release.rows(name, delimiter="\t")):
                source, kind, target = row["sourceId"], row["typeId"], row["destinationId"]
                if kind == _IS_A:
                    self.parents[source].append(target)
                else:
                    self.attributes[source].append((kind, target))
                    self.kinds.add(kind)


def _terms(release: Release, concepts: list[str], relations: _Relations) -> Iterator[Term]:
    names = _names(release)
    without = {*relations.parents, *relations.attributes}
    for name in concepts:
        for row in release.rows(name, delimiter="\t"):
            code = row["id"]
            without.discard(code)
            is_active = row["active"] == "1"
            display, designations = _display(names.get(code, []))
            yield Term(
                Concept(
                    code,
                    display,
                    designations=designations,
                    properties=tuple(_properties(row, relations.attributes.get(code, []))),
                    is_inactive=not is_active,
                ),
                tuple(relations.parents.get(code, ())) if is_active else (),
            )
    if without:
        raise Invalid(
            f"{concepts[-1]} lacks {len(without)} concepts that have relationships: "
            "the file is damaged, download it again"
        )


def _properties(row: Mapping[str, str], attributes: list[tuple[str, str]]) -> Iterator[Property]:
    yield Property("inactive", "Boolean", row["active"] != "1")
    yield Property("sufficientlyDefined", "Boolean", row["definitionStatusId"] == _DEFINED)
    yield Property("moduleId", "Code", row["moduleId"])
    yield Property("effectiveTime", "String", row["effectiveTime"])
    for kind, value in dict.fromkeys(attributes):
        yield Property(kind, "Code", value)


# A name: whether it is preferred, its kind, its language and its text.
_Name = tuple[bool, str, str, str]


def _names(release: Release) -> dict[str, list[_Name]]:
    """The active names of concepts, those that a language prefers marked."""
    preferred = {
        row["referencedComponentId"]
        for name in release.all(_LANGUAGES)
        for row in _active(release.rows(name, delimiter="\t"))
        if row["acceptabilityId"] == _PREFERRED
    }
    found: dict[str, list[_Name]] = defaultdict(list)
    for name in release.all(_DESCRIPTIONS):
        for row in _active(release.rows(name, delimiter="\t")):
            found[row["conceptId"]].append(
                (row["id"] in preferred, row["typeId"], row["languageCode"], row["term"])
            )
    return found


def _display(names: list[_Name]) -> tuple[str | None, tuple[Designation, ...]]:
    """The preferred synonym, English where there is one, and all the names."""
    ordered = sorted(names, key=lambda n: (n[1] == _FULLY_SPECIFIED, not n[0], n[2] != "en", n[3]))
    designations = tuple(
        Designation(text, language, _use(kind)) for _, kind, language, text in ordered
    )
    return (ordered[0][3] if ordered else None), designations


def _use(kind: str) -> dict[str, str]:
    return {
        "system": _URL,
        "code": kind,
        "display": "Fully specified name" if kind == _FULLY_SPECIFIED else "Synonym",
    }


def _active(rows: Rows) -> Rows:
    return (row for row in rows if row["active"] == "1")


formats.register("snomed")(Format("SNOMED CT", _is_release, _read))
