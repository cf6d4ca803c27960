"""CWE, CE, CNE, CF, CNN, ID, IS, ST: codes and texts.

A code with a vocabulary map becomes the mapped coding, followed by the code as it was sent when it
names a system of its own. A code without a mapping keeps its own system, or the table's, and is
listed as unknown. https://hl7.org/fhir/uv/v2mappings/ConceptMap-datatype-cwe-to-codeableconcept.html
"""

from __future__ import annotations

import re
from typing import Any, Final

from fhirserver.model.resource import Resource
from hl7v2_gateway.mapping.context import Context, How, pruned
from hl7v2_gateway.mapping.datatypes import maps
from hl7v2_gateway.mapping.systems import CODE_SYSTEMS
from hl7v2_gateway.mapping.views import Repetition

# Code, text, system name, version, OID of the system.
_CODINGS: Final = ((1, 2, 3, 7, 14), (4, 5, 6, 8, 17), (10, 11, 12, 13, 20))
UNITS: Final = "http://unitsofmeasure.org"


def codings(r: Repetition, ctx: Context, how: How) -> list[Resource]:
    """The codings of a coded value, each translated where the vocabulary knows it."""
    found: list[Resource] = []
    count = len(r.components)
    for code_at, text_at, system_at, version_at, oid_at in _CODINGS:
        if code_at > count:
            break
        code, text = r.text(code_at), r.text(text_at)
        if not code and not text:
            continue
        system = r.text(system_at)
        if not system and oid_at <= count and r.text(oid_at):
            system = f"urn:oid:{r.text(oid_at)}"
        own = coding(code, text, system, ctx)
        if version_at <= count and r.text(version_at):
            own["version"] = r.text(version_at)
        if how.codes is not None and code and not found:
            is_published = system in CODE_SYSTEMS
            mapped = ctx.translated(how, code, text, is_published=is_published)
            if mapped is not None:
                found.append(_mapped(mapped, text))
                if own.get("system") in (None, how.codes.table, mapped[1]):
                    if not how.codes.table or how.codes.table == mapped[1]:
                        continue
                    # The table's own code stays beside its translation, which may be coarser.
                    own["system"] = how.codes.table
            elif "system" not in own and how.codes.table:
                own["system"] = how.codes.table
        if own not in found:
            found.append(own)
    return found


def coding(code: str, text: str, system: str, ctx: Context) -> Resource:
    """One Coding as it was sent."""
    found: Resource = {}
    if system and code:
        found["system"] = ctx.code_system(system)
    if code:
        found["code"] = " ".join(code.split())
    if text:
        found["display"] = text
    return found


def _mapped(target: tuple[str, str, str], text: str) -> Resource:
    code, system, display = target
    return {
        key: v for key, v in (("system", system), ("code", code), ("display", display or text)) if v
    }


@maps(
    "CWE[CodeableConcept]",
    "CE[CodeableConcept]",
    "CNE[CodeableConcept]",
    "CF[CodeableConcept]",
    "IS[CodeableConcept]",
    "ID[CodeableConcept]",
    "CWE[Observation-SupportingInfo]",
    uses="1-14,17,20",
)
def codeable(r: Repetition, ctx: Context, how: How) -> Any:
    """A CodeableConcept: up to three codings and the original text."""
    found: Resource = {}
    listed = codings(r, ctx, how)
    fitting = [c for c in listed if how.allowed is None or c.get("code") in how.allowed]
    if how.allowed is not None:
        for c in fitting:
            c["system"] = how.allowed[c["code"]]
        listed = fitting or listed
    if how.allowed is not None and not fitting:
        # FHIR allows no other code here, and no text instead.
        answer = ctx.answer(how, r.text(1)) if r.text(1) else None
        if answer is None:
            ctx.ask(how, r.text(1), r.text(2))
            return None
        listed = [{**_mapped(answer, r.text(2)), "system": how.allowed[answer[0]]}]
    if listed:
        found["coding"] = listed
    text = r.text(9)
    if text:
        found["text"] = text
    elif listed and "code" not in listed[0] and "display" in listed[0]:
        found["text"] = listed[0]["display"]
    return found or None


@maps("ID[CodeableConcept-UniversalID]", uses="1")
def universal_type(r: Repetition, ctx: Context, how: How) -> Any:
    """A universal ID type."""
    return {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0301", "code": r.text(1)}]
    }


@maps("CWE[Coding]", "CE[Coding]", "ID[Coding]", "IS[Coding]", uses="1-3,7,9,14")
def one_coding(r: Repetition, ctx: Context, how: How) -> Any:
    """The first coding."""
    listed = codings(r, ctx, how)
    if not listed:
        return None
    if "display" not in listed[0] and r.text(9):
        listed[0]["display"] = r.text(9)
    return listed[0]


@maps(
    "CWE[code]",
    "CE[code]",
    "ID[code]",
    "IS[code]",
    "CWE[Timing-DurationUnit]",
    uses="1-9,14",
)
def code(r: Repetition, ctx: Context, how: How) -> Any:
    """A code of a FHIR value set: by the vocabulary, or as it is where the value set has it."""
    raw = r.text(1)
    if not raw:
        return None
    if how.codes is not None and not (
        how.allowed and raw in how.allowed and raw not in how.codes.codes
    ):
        mapped = ctx.translated(how, raw, r.text(2))
        if mapped is None:
            return None
        raw = mapped[0]
    if how.allowed is not None and raw not in how.allowed:
        low = raw.lower()
        if low in how.allowed:
            return low
        answer = ctx.answer(how, raw)
        if answer is None:
            ctx.ask(how, raw, r.text(2))
            return None
        raw = answer[0]
    return raw.strip() or None


@maps("ID[boolean]", "CWE[boolean]", "IS[boolean]", uses="1")
def boolean(r: Repetition, ctx: Context, how: How) -> Any:
    """Table 0136, also as it is written by hand."""
    return {
        "Y": True,
        "N": False,
        "1": True,
        "0": False,
        "T": True,
        "F": False,
        "YES": True,
        "NO": False,
        "TRUE": True,
        "FALSE": False,
    }.get(r.text(1).upper())


@maps("CWE[string]", "CE[string]", uses="1-9")
def text_of_code(r: Repetition, ctx: Context, how: How) -> Any:
    """The text of a coded value, else its code."""
    return r.text(9) or r.text(2) or r.text(1) or None


@maps("ID[string]", "IS[string]", "ST[string]", "XON[string-1]", uses="1")
def text(r: Repetition, ctx: Context, how: How) -> Any:
    """The text as it is."""
    return r.text(1) or None


@maps("ST[CodeableConcept]", "TX[CodeableConcept]", uses="1")
def concept_of_text(r: Repetition, ctx: Context, how: How) -> Any:
    """A text where FHIR has a CodeableConcept."""
    return {"text": r.text(1)} if r.text(1) else None


@maps("CWE[string-code]", uses="1-3")
def plain_code(r: Repetition, ctx: Context, how: How) -> Any:
    """The code alone, as a unit's."""
    return r.text(1) or None


@maps("CWE[uri]", uses="1-9")
def uri(r: Repetition, ctx: Context, how: How) -> Any:
    """A URI that was sent as a code."""
    return r.text(1) if ":" in r.text(1) and " " not in r.text(1) else None


@maps("CWE[Identifier]", uses="1-3")
def code_identifier(r: Repetition, ctx: Context, how: How) -> Any:
    """A code used as an identifier: its system is the identifier's."""
    if not r.text(1):
        return None
    system = ctx.code_system(r.text(3)) if r.text(3) else ""
    return pruned({"system": system, "value": r.text(1), "type": {"text": r.text(2)}})


@maps("CWE[Quantity]", "CE[Quantity]", uses="1-9")
def unit(r: Repetition, ctx: Context, how: How) -> Any:
    """Units: code and system when the code is one, the text as the human unit.

    Some laboratories have only the alternate (components 4 to 6) or the original text.
    """
    raw, shown, system = r.text(1), r.text(2), r.text(3)
    if not raw and not shown:
        raw, shown, system = r.text(4), r.text(5), r.text(6)
    words = shown or raw or r.text(9)
    if not words:
        return None
    found: Resource = {"unit": words}
    if raw and system:
        found["system"] = ctx.code_system(system)
        found["code"] = raw
    return found


@maps("CWE[Annotation]", uses="1-9")
def annotation(r: Repetition, ctx: Context, how: How) -> Any:
    """A coded comment as an annotation."""
    words = r.text(9) or r.text(2) or r.text(1)
    return {"text": words} if words else None


@maps("MSG[Coding]", uses="1-3")
def event(r: Repetition, ctx: Context, how: How) -> Any:
    """The trigger event of a message."""
    shown = "^".join(p for p in (r.text(1), r.text(2), r.text(3)) if p)
    found = {
        "system": "http://terminology.hl7.org/CodeSystem/v2-0003",
        "code": r.text(2),
        "display": shown,
    }
    return pruned(found)


@maps("CWE[language]", uses="1-2")
def language(r: Repetition, ctx: Context, how: How) -> Any:
    """A language as BCP 47 has it."""
    raw = r.text(1)
    if how.codes is not None and raw in how.codes.codes:
        return how.codes.codes[raw][0]
    if _LANGUAGE.fullmatch(raw):
        return raw
    answer = ctx.answer(how, raw)
    if answer is not None:
        return answer[0]
    ctx.ask(how, raw, r.text(2))
    return None


_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
# NIP001, the source of what a vaccination record says.
_GIVEN_HERE: Final = "00"


@maps("CWE[PrimarySource]", uses="1-9")
def primary_source(r: Repetition, ctx: Context, how: How) -> Any:
    """Whether whoever gave the vaccine says so (00 of NIP001), or a record does."""
    code_ = r.text(1)
    if not (code_.isdigit() and len(code_) == 2):
        return None
    return code_ == _GIVEN_HERE


@maps("CWE[ReportOrigin]", uses="1-9")
def report_origin(r: Repetition, ctx: Context, how: How) -> Any:
    """Where a record that was copied comes from."""
    return None if r.text(1) == _GIVEN_HERE else codeable(r, ctx, how)


@maps("CWE[Race]", uses="1-9")
def race(r: Repetition, ctx: Context, how: How) -> Any:
    """PID-10 by the US Core extension when it is coded in CDC's race codes, else by ours."""
    return _realm(r, ctx, "us-core-race")


@maps("CWE[Ethnicity]", uses="1-9")
def ethnicity(r: Repetition, ctx: Context, how: How) -> Any:
    """PID-22 likewise."""
    return _realm(r, ctx, "us-core-ethnicity")


_ETHNIC: Final = {"H": ("2135-2", "Hispanic or Latino"), "N": ("2186-5", "Not Hispanic or Latino")}
_CDCREC: Final = "urn:oid:2.16.840.1.113883.6.238"


def _realm(r: Repetition, ctx: Context, name: str) -> Resource | None:
    concept = codeable(r, ctx, How())
    if concept is None:
        return None
    listed = concept.get("coding", [])
    if name == "us-core-ethnicity" and r.text(1) in _ETHNIC:
        code_, display = _ETHNIC[r.text(1)]
        listed = [{"system": _CDCREC, "code": code_, "display": display}]
    cdc = [c for c in listed if _is_cdc(c)]
    if not cdc:
        url = (
            f"https://fhirserver.example/StructureDefinition/hl7v2-{name.removeprefix('us-core-')}"
        )
        return {"url": url, "valueCodeableConcept": concept}
    parts = [{"url": "ombCategory", "valueCoding": {**c, "system": _CDCREC}} for c in cdc[:1]]
    words = concept.get("text") or cdc[0].get("display") or cdc[0]["code"]
    parts.append({"url": "text", "valueString": words})
    return {"url": f"http://hl7.org/fhir/us/core/StructureDefinition/{name}", "extension": parts}


def _is_cdc(c: Resource) -> bool:
    system, code_ = c.get("system", _CDCREC), c.get("code", "")
    return system == _CDCREC and len(code_) == 6 and code_[4] == "-" and code_[:4].isdigit()


@maps("CWE[ActiveBoolean]", "ID[ActiveBoolean]", uses="1-2")
def active(r: Repetition, ctx: Context, how: How) -> Any:
    """Table 0183: active or inactive."""
    return {"A": True, "I": False}.get(r.text(1))


@maps("ID[ActiveByEvent]", uses="1")
def active_by_event(r: Repetition, ctx: Context, how: How) -> Any:
    """Table 0180: an entry that is deleted or deactivated is not active."""
    return {"MAD": True, "MUP": True, "MAC": True, "MDL": False, "MDC": False}.get(r.text(1))


@maps("*[SpecialtyConcept]", uses="1-4")
def specialty(r: Repetition, ctx: Context, how: How) -> Any:
    """SPD: a specialty by its name."""
    return {"text": r.text(1)} if r.text(1) else None


@maps("SPS[CodeableConcept]", uses="1")
def specimen_type(r: Repetition, ctx: Context, how: How) -> Any:
    """The kind of specimen of an SPS."""
    return codeable(r.component(1), ctx, how)


@maps("ST[id]", uses="1")
def fhir_id(r: Repetition, ctx: Context, how: How) -> Any:
    """A text where FHIR has an id; None when it can't be one."""
    return r.text(1) if _ID.fullmatch(r.text(1)) else None


_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")
