"""LOINC: `Loinc.csv` with its hierarchy, answer lists and translations.

https://loinc.org/kb/users-guide/, https://terminology.hl7.org/LOINC.html
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from fhirserver.dictionaries.format import Content, Format, code_system, formats
from fhirserver.dictionaries.release import Release
from fhirserver.errors import Invalid
from fhirserver.storage.concept_rows import Term
from fhirserver.terminology.content import Concept, Designation, Property

_URL: Final = "http://loinc.org"
_TABLE: Final = r"Loinc(?:Table)?\.csv"
_HIERARCHY: Final = r"(?:ComponentHierarchyBySystem|MultiAxialHierarchy)\.csv"
_ANSWERS: Final = r"AnswerList\.csv"
_TRANSLATION: Final = r"([a-z]{2})([A-Z]{2})\d+LinguisticVariant\.csv"

# The columns that are properties in FHIR's use of LOINC.
_COLUMNS: Final = (
    "COMPONENT", "PROPERTY", "TIME_ASPCT", "SYSTEM", "SCALE_TYP", "METHOD_TYP", "CLASS", "STATUS",
    "CLASSTYPE", "ORDER_OBS", "EXAMPLE_UCUM_UNITS", "VersionLastChanged",
)  # fmt: skip
_GONE: Final = frozenset({"DEPRECATED", "DISCOURAGED"})


def _is_release(release: Release) -> bool:
    return release.find(_TABLE) is not None


def _read(release: Release, version: str | None) -> Content:
    table = release.find(_TABLE)
    assert table is not None
    answers = _Answers(release)
    named = version or _version(release)
    about = code_system(
        _URL,
        "LOINC",
        "Logical Observation Identifiers, Names and Codes",
        named,
        caseSensitive=False,
        hierarchyMeaning="is-a",
        property=[
            *({"code": c, "type": "string"} for c in _COLUMNS),
            {"code": "answer-list", "type": "code"},
        ],
    )
    return Content(about, _terms(release, table, answers), tuple(answers.value_sets(named)))


def _version(release: Release) -> str:
    """From the name of the archive or of a folder: `Loinc_2.78`, `Loinc_2.78.zip`."""
    for name in (release.path.name, *release.names):
        if found := re.search(r"loinc[_-]?v?(\d\.\d{1,3})", name, re.IGNORECASE):
            return found[1]
    raise Invalid("the files don't name the version of LOINC: give it with --release")


class _Answers:
    """The answer lists and their answers."""

    def __init__(self, release: Release) -> None:
        self.lists: dict[str, list[Mapping[str, str]]] = defaultdict(list)
        self.texts: dict[str, str] = {}
        name = release.find(_ANSWERS)
        for row in release.rows(name, delimiter=",", quoted=True) if name else ():
            self.lists[row["AnswerListId"]].append(row)
            if row.get("AnswerStringId"):
                self.texts.setdefault(row["AnswerStringId"], row["DisplayText"])

    def value_sets(self, version: str) -> Iterator[dict[str, Any]]:
        """An answer list is a value set: http://loinc.org/vs/LL715-4."""
        for code, rows in self.lists.items():
            concepts = [
                {"code": r["AnswerStringId"], "display": r["DisplayText"]}
                for r in rows
                if r.get("AnswerStringId")
            ]
            if concepts:
                yield {
                    "resourceType": "ValueSet",
                    "url": f"{_URL}/vs/{code}",
                    "version": version,
                    "name": re.sub(r"\W", "", code),
                    "title": rows[0].get("AnswerListName") or code,
                    "status": "active",
                    "compose": {"include": [{"system": _URL, "concept": concepts}]},
                }


def _terms(release: Release, table: str, answers: _Answers) -> Iterator[Term]:
    parents, groups = _hierarchy(release)
    translations = _translations(release)
    known: set[str] = set()
    for row in release.rows(table, delimiter=",", quoted=True):
        code = row["LOINC_NUM"]
        known.add(code)
        status = row.get("STATUS", "ACTIVE")
        names = [row.get("SHORTNAME", ""), row.get("CONSUMER_NAME", ""), row.get("DisplayName", "")]
        yield Term(
            Concept(
                code,
                row.get("LONG_COMMON_NAME") or row.get("SHORTNAME"),
                definition=row.get("DefinitionDescription") or None,
                designations=(
                    *(Designation(n, "en") for n in dict.fromkeys(names) if n),
                    *translations.get(code, ()),
                ),
                properties=tuple(Property(c, "String", row[c]) for c in _COLUMNS if row.get(c)),
                is_inactive=status in _GONE,
            ),
            tuple(parents.get(code, ())),
        )
    for code, text in groups.items():
        if code not in known:
            known.add(code)
            yield Term(Concept(code, text), tuple(parents.get(code, ())))
    for code, text in {**answers.texts, **_list_names(answers)}.items():
        if code not in known:
            known.add(code)
            yield Term(Concept(code, text))


def _list_names(answers: _Answers) -> dict[str, str]:
    return {c: rows[0].get("AnswerListName") or c for c, rows in answers.lists.items()}


def _hierarchy(release: Release) -> tuple[dict[str, list[str]], dict[str, str]]:
    """What is directly above a code, and the text of the parts (LP...) of the hierarchy."""
    parents: dict[str, list[str]] = defaultdict(list)
    groups: dict[str, str] = {}
    name = release.find(_HIERARCHY)
    for row in release.rows(name, delimiter=",", quoted=True) if name else ():
        code, above = row["CODE"], row["IMMEDIATE_PARENT"]
        if above:
            parents[code].append(above)
        if code.startswith("LP"):
            groups[code] = row["CODE_TEXT"]
    # The file names a parent before its children, but not always as a line of its own.
    missing = {p for ps in parents.values() for p in ps} - groups.keys()
    groups |= {above: above for above in sorted(missing) if above.startswith("LP")}
    return parents, groups


def _translations(release: Release) -> dict[str, list[Designation]]:
    found: dict[str, list[Designation]] = defaultdict(list)
    for name in release.all(_TRANSLATION):
        match = re.search(_TRANSLATION, name)
        assert match is not None
        language = f"{match[1]}-{match[2]}"
        for row in release.rows(name, delimiter=",", quoted=True):
            text = row.get("LONG_COMMON_NAME") or row.get("LinguisticVariantDisplayName")
            if text:
                found[row["LOINC_NUM"]].append(Designation(text, language))
    return found


formats.register("loinc")(Format("LOINC", _is_release, _read))
