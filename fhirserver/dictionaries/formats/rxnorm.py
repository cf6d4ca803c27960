"""RxNorm: the files RXNCONSO.RRF (names) and RXNREL.RRF (relations) of a release.

https://www.nlm.nih.gov/research/umls/rxnorm/docs/techdoc.html, https://terminology.hl7.org/RxNorm.html
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from fhirserver.dictionaries.format import Content, Format, code_system, formats
from fhirserver.dictionaries.release import Release
from fhirserver.errors import Invalid
from fhirserver.storage.concept_rows import Term
from fhirserver.terminology.content import Concept, Designation, Property

_CONSO: Final = r"RXNCONSO\.RRF"
_REL: Final = r"RXNREL\.RRF"
# Places in the lines of the two files, and how many fields these have at least.
_RXCUI, _LAT, _SAB, _TTY, _STR, _SUPPRESS, _CONSO_FIELDS = 0, 1, 11, 12, 14, 16, 18
_RXCUI1, _RXCUI2, _RELA, _REL_SAB, _REL_FIELDS = 0, 4, 7, 10, 16
# Names of a concept that only help to find it.
_BESIDE: Final = frozenset({"SY", "TMSY", "ET", "PSN"})
# https://terminology.hl7.org/RxNorm.html: what lies above is what a drug is a form of.
_UP: Final = frozenset({"isa"})


def _is_release(release: Release) -> bool:
    return release.find(_CONSO) is not None


def _read(release: Release, version: str | None) -> Content:
    conso = release.find(_CONSO)
    assert conso is not None
    names = _names(release, conso)
    relations = _relations(release, names)
    kinds = sorted({kind for found in relations.values() for kind, _ in found})
    about = code_system(
        "http://www.nlm.nih.gov/research/umls/rxnorm",
        "RxNorm",
        "RxNorm",
        version or _version(release),
        property=[
            {"code": "TTY", "type": "string"},
            *({"code": k, "type": "code"} for k in kinds),
        ],
    )
    return Content(about, _terms(names, relations))


def _version(release: Release) -> str:
    """From the name of the archive: `RxNorm_full_09022025.zip` is the release of 2025-09-02."""
    for name in (release.path.name, *release.names):
        if found := re.search(r"(\d{2})(\d{2})(20\d{2})", name):
            return f"{found[3]}-{found[1]}-{found[2]}"
    raise Invalid("the files don't name the date of the release: give it with --release")


# A name: its term type, its text, and whether it is suppressed.
_Name = tuple[str, str, bool]


def _names(release: Release, conso: str) -> dict[str, list[_Name]]:
    found: dict[str, list[_Name]] = defaultdict(list)
    for row in release.fields(conso, _CONSO_FIELDS):
        if row[_SAB] == "RXNORM" and row[_LAT] == "ENG":
            found[row[_RXCUI]].append((row[_TTY], row[_STR], row[_SUPPRESS] not in {"N", ""}))
    return found


def _relations(release: Release, names: dict[str, list[_Name]]) -> dict[str, list[tuple[str, str]]]:
    """For each concept what it has to others: RXCUI2 has the relation to RXCUI1."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    name = release.find(_REL)
    for row in release.fields(name, _REL_FIELDS) if name else ():
        one, other, kind = row[_RXCUI1], row[_RXCUI2], row[_RELA]
        if row[_REL_SAB] == "RXNORM" and kind and one in names and other in names:
            found[other].append((kind, one))
    return found


def _terms(
    names: dict[str, list[_Name]], relations: dict[str, list[tuple[str, str]]]
) -> Iterator[Term]:
    for code, found in names.items():
        kind, display, is_suppressed = _main(found)
        related = relations.get(code, [])
        yield Term(
            Concept(
                code,
                display,
                designations=tuple(Designation(t, "en") for _, t, _ in found if t != display),
                properties=(
                    Property("TTY", "String", kind),
                    *(Property(k, "Code", other) for k, other in dict.fromkeys(related)),
                ),
                is_inactive=is_suppressed,
            ),
            tuple(dict.fromkeys(other for k, other in related if k in _UP)),
        )


def _main(found: Sequence[_Name]) -> _Name:
    """The name that the concept goes by: not suppressed, and not only a synonym."""
    return min(found, key=lambda n: (n[2], n[0] in _BESIDE))


formats.register("rxnorm")(Format("RxNorm", _is_release, _read))
