"""ICD-11 MMS: the table `LinearizationMiniOutput-MMS-en.txt`, divided by tabs.

The hyphens before a title say how deep it lies. https://icd.who.int/browse/latest-release/mms/en
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from fhirserver.dictionaries.format import Content, Format, code_system, formats
from fhirserver.dictionaries.release import Release
from fhirserver.errors import Invalid
from fhirserver.storage.concept_rows import Term
from fhirserver.terminology.content import Concept, Property

_DEPTH: Final = re.compile(r"^((?:- ?)*)(.*)$")
_NEEDED: Final = frozenset({"Code", "Title", "ClassKind"})


def _file(release: Release) -> str | None:
    return release.find(r"(?:LinearizationMiniOutput|SimpleTabulation)-?[^/]*MMS[^/]*\.(?:txt|tsv)")


def _read(release: Release, version: str | None) -> Content:
    name = _file(release)
    assert name is not None
    language = re.search(r"MMS-([a-z]{2})\b", name)
    about = code_system(
        "http://id.who.int/icd/release/11/mms",
        "ICD11MMS",
        "International Classification of Diseases, 11th Revision, MMS",
        version or _version(release, name),
        hierarchyMeaning="is-a",
        language=language[1] if language else "en",
        property=[
            {"code": "kind", "type": "string", "description": "chapter, block or category"},
            {"code": "foundation", "type": "string", "description": "URI in the foundation"},
            {"code": "residual", "type": "boolean", "description": "other or unspecified"},
        ],
    )
    return Content(about, _terms(release, name))


def _version(release: Release, name: str) -> str:
    """The release that the URIs of the linearization name: .../release/11/2024-01/mms/..."""
    row = next(iter(release.rows(name, delimiter="\t")), {})
    found = re.search(r"/release/11/(20\d\d-\d\d)/", row.get("Linearization URI", "")
                      or row.get("Linearization (release) URI", ""))  # fmt: skip
    if found is None:
        raise Invalid(f"{name} doesn't name its release: give it with --release")
    return found[1]


def _terms(release: Release, name: str) -> Iterator[Term]:
    above: list[str] = []
    for number, row in enumerate(release.rows(name, delimiter="\t"), 2):
        if missing := _NEEDED - row.keys():
            raise Invalid(f"{name} has no column {', '.join(sorted(missing))}")
        found = _DEPTH.match(row["Title"].strip().strip('"'))
        assert found is not None
        depth, title = found[1].count("-"), found[2].strip()
        # Chapters have a number, blocks an id, categories a code.
        code = row["Code"] or row.get("BlockId") or row.get("ChapterNo") or ""
        if not code:
            raise Invalid(f"{name} line {number} has neither a code nor a block")
        if depth > len(above):
            raise Invalid(f"{name} line {number} lies deeper than the line before allows")
        del above[depth:]
        yield Term(
            Concept(code, title, properties=tuple(_properties(row)),
                    is_abstract=row["ClassKind"] != "category"),
            tuple(above[-1:]),
        )  # fmt: skip
        above.append(code)


def _properties(row: Mapping[str, str]) -> Iterator[Property]:
    yield Property("kind", "String", row["ClassKind"])
    if row.get("Foundation URI"):
        yield Property("foundation", "String", row["Foundation URI"])
    if row.get("IsResidual") or row.get("isResidual"):
        is_residual = (row.get("IsResidual") or row.get("isResidual", "")).lower() == "true"
        yield Property("residual", "Boolean", is_residual)


formats.register("icd-11-mms")(Format("ICD-11 MMS", lambda r: _file(r) is not None, _read))
