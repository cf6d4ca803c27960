"""What FHIR says, written as values of DICOM: names, dates, times, codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final

from fhirserver.model.resource import Resource

Element = dict[str, Any]

_WRITTEN: Final = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
_GROUPS: Final[Mapping[str, str]] = {"IDE": "Ideographic", "SYL": "Phonetic"}
DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
SCHEMES: Final[Mapping[str, str]] = {
    DCM: "DCM",
    "http://snomed.info/sct": "SCT",
    "http://loinc.org": "LN",
    "http://unitsofmeasure.org": "UCUM",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RXNORM",
    "http://hl7.org/fhir/sid/icd-10": "I10",
    "http://www.radlex.org": "RADLEX",
}
"""Coding schemes (PS3.16 table 8-1); all others are private ones of the site (99...)."""
SEXES: Final[Mapping[str, str]] = {"male": "M", "female": "F", "other": "O"}


def element(vr: str, *values: Any) -> Element:
    """An element of the JSON model; values that are none leave it empty.

    >>> element("LO", None, "x")
    {'vr': 'LO', 'Value': ['x']}
    """
    given = [v for v in values if v not in (None, "", {})]
    return {"vr": vr, "Value": given} if given else {"vr": vr}


def short(vr: str, text: str | None) -> Element:
    """A text, cut to what its representation holds (PS3.5 table 6.2-1)."""
    most = {"SH": 16, "LO": 64, "AE": 16, "CS": 16, "ST": 1024, "LT": 10240}[vr]
    kept = " ".join((text or "").replace("\\", "/").split()) if vr != "LT" else text or ""
    return element(vr, kept[:most].strip())


def person_name(names: Sequence[Resource]) -> Element:
    """HumanNames as one PN: the official one, or the first that isn't of old.

    >>> person_name([{"family": "Doe", "given": ["Jane", "Q"], "prefix": ["Dr"]}])
    {'vr': 'PN', 'Value': [{'Alphabetic': 'Doe^Jane^Q^Dr'}]}
    """
    groups: dict[str, str] = {}
    current = [n for n in names if n.get("use") not in {"old", "maiden", "temp"}] or list(names)
    for name in sorted(current, key=lambda n: n.get("use") != "official"):
        groups.setdefault(_group(name), _components(name))
    ordered = ("Alphabetic", "Ideographic", "Phonetic")
    return element("PN", {g: groups[g] for g in ordered if groups.get(g)})


def _group(name: Resource) -> str:
    for extension in name.get("extension", ()):
        if extension.get("url") == _WRITTEN:
            return _GROUPS.get(extension.get("valueCode", ""), "Alphabetic")
    return "Alphabetic"


def _components(name: Resource) -> str:
    first, *more = name.get("given") or [""]
    parts = [
        name.get("family", ""),
        first,
        " ".join(more),
        " ".join(name.get("prefix", ())),
        " ".join(name.get("suffix", ())),
    ]
    if not any(parts):
        parts = [name.get("text", "")]
    cleaned = [p.replace("^", " ").replace("=", " ").replace("\\", " ").strip() for p in parts]
    return "^".join(cleaned).rstrip("^")


def date(text: str | None) -> str:
    """A FHIR date as DA; empty for one without its day.

    >>> date("1984-05-03"), date("1984-05")
    ('19840503', '')
    """
    return text[:10].replace("-", "") if text and len(text) >= 10 else ""


def moment(text: str | None, zone: tzinfo) -> tuple[str, str]:
    """A FHIR instant or dateTime as DA and TM, as the clocks of a zone show it.

    >>> from datetime import timezone
    >>> moment("2026-07-01T08:30:00Z", timezone.utc)
    ('20260701', '083000')
    """
    if not text or "T" not in text:
        return date(text), ""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return "", ""
    at = at.replace(tzinfo=zone) if at.tzinfo is None else at.astimezone(zone)
    return at.strftime("%Y%m%d"), at.strftime("%H%M%S")


def codes(concepts: Iterable[Resource]) -> Element:
    """The codings of concepts as items of a code sequence (PS3.3 8.8), without modalities."""
    items = [
        _code(coding, concept)
        for concept in concepts
        for coding in concept.get("coding", ())
        if coding.get("code") and coding.get("system") != DCM
    ]
    return element("SQ", *items)


def _code(coding: Resource, concept: Resource) -> Element:
    code, system = str(coding["code"]), str(coding.get("system", ""))
    tail = system.rstrip("/").rpartition("/")[2].rpartition(":")[2]
    scheme = SCHEMES.get(system) or f"99{tail}"[:16].upper()
    meaning = coding.get("display") or concept.get("text") or code
    return {
        # Long codes and URNs have attributes of their own (8.1).
        "00080100": short("SH", code) if len(code) <= 16 else {"vr": "SH"},
        **({} if len(code) <= 16 else {"00080119": element("UC", code)}),
        "00080102": short("SH", scheme),
        "00080104": short("LO", meaning),
    }


def words(concept: Resource | None) -> str:
    """What a CodeableConcept says to people."""
    if not concept:
        return ""
    displays = (c.get("display") or "" for c in concept.get("coding", ()))
    codes_ = (c.get("code") or "" for c in concept.get("coding", ()))
    return concept.get("text") or next(filter(None, (*displays, *codes_)), "")
