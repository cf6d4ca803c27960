"""ED, RP, FT, TX, OG, SPS, VR: what an OBX-5 or a note holds.

https://hl7.org/fhir/uv/v2mappings/ConceptMap-datatype-ed-to-attachment.html and its neighbours
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, Final

from fhirserver.model.resource import Resource
from hl7v2_gateway.mapping.context import Context, How, pruned
from hl7v2_gateway.mapping.datatypes import maps
from hl7v2_gateway.mapping.datatypes.codes import codeable
from hl7v2_gateway.mapping.datatypes.quantities import number
from hl7v2_gateway.mapping.datatypes.times import date_time
from hl7v2_gateway.mapping.views import Repetition

SUB_ID: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.subIdentifier"
V2_SUB_ID: Final = "http://hl7.org/fhir/StructureDefinition/observation-v2-subid"
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]*={0,2}")
# Table 0191 type and table 0291 subtype of what hospitals send.
_MEDIA: Final = {
    "AP": "application",
    "AU": "audio",
    "FT": "text",
    "IM": "image",
    "SD": "application",
    "TX": "text",
    "TEXT": "text",
    "SI": "image",
    "NS": "image",
    "MULTIPART": "multipart",
}
_SUBTYPES: Final = {
    "JPG": "jpeg",
    "TXT": "plain",
    "TEXT": "plain",
    "HTM": "html",
    "TIF": "tiff",
    "WORD": "msword",
    "PDF": "pdf",
}


def media_type(kind: str, subtype: str) -> str:
    """The MIME type for a type of data and its subtype.

    >>> media_type("AP", "PDF"), media_type("application", "pdf"), media_type("", "JPEG")
    ('application/pdf', 'application/pdf', 'image/jpeg')
    """
    first = _MEDIA.get(kind.upper(), kind.lower())
    second = _SUBTYPES.get(subtype.upper(), subtype.lower())
    if not second and first == "text":
        second = "plain"
    if not second and kind.upper() in _SUBTYPES:
        second, first = _SUBTYPES[kind.upper()], ""
    if not first or "/" in second:
        guess = {
            "jpeg": "image",
            "png": "image",
            "gif": "image",
            "tiff": "image",
            "plain": "text",
            "html": "text",
        }
        first = guess.get(second, "application") if second else ""
    if "/" in first:
        return first
    return f"{first}/{second}" if first and second else ""


@maps("ED[Attachment]", "ED[DocumentReference]", uses="1-5")
def ed(r: Repetition, ctx: Context, how: How) -> Any:
    """Encapsulated data: Base64, hexadecimal or plain text."""
    content = _data(r.text(5), r.text(4))
    if content is None:
        return None
    return pruned(
        {"contentType": media_type(r.text(2), r.text(3)), "data": content, "title": r.text(1)}
    )


def _data(text: str, encoding: str) -> str | None:
    if not text:
        return None
    kind = encoding.upper()
    try:
        if kind == "HEX":
            return base64.b64encode(bytes.fromhex(text)).decode()
        if kind in ("BASE64", "") or "64" in kind:
            plain = "".join(text.split())
            if _BASE64.fullmatch(plain) and len(plain) % 4 == 0:
                return plain
            if kind:
                padded = plain + "=" * (-len(plain) % 4)
                return base64.b64encode(base64.b64decode(padded, validate=True)).decode()
    except (ValueError, binascii.Error):
        return None
    return base64.b64encode(text.encode()).decode()


@maps("RP[Attachment]", "RP[DocumentReference]", uses="1-4")
def rp(r: Repetition, ctx: Context, how: How) -> Any:
    """A pointer to what lies elsewhere."""
    if not r.text(1):
        return None
    url = r.text(1)
    return pruned(
        {
            "contentType": media_type(r.text(3), r.text(4)),
            "url": url if ":" in url else f"urn:id:{url.replace(' ', '%20')}",
            "title": r.text(2),
        }
    )


@maps("FT[string]", "TX[string]", "ST[markdown]", "FT[markdown]", "TX[markdown]", uses="*")
def words(r: Repetition, ctx: Context, how: How) -> Any:
    """Text; a sender's unescaped component separators are part of it."""
    return _whole(r)


def _whole(r: Repetition) -> str | None:
    text = "^".join("&".join(c) for c in r.components).rstrip("^")
    return text.strip("\n") or None if text.strip() else None


@maps("ST[base64Binary]", "FT[base64Binary]", "TX[base64Binary]", uses="*")
def text_as_data(r: Repetition, ctx: Context, how: How) -> Any:
    """Text as the content of a document."""
    text = _whole(r)
    return base64.b64encode(text.encode()).decode() if text else None


@maps("FT[Annotation-Comment]", uses="*")
def comment(r: Repetition, ctx: Context, how: How) -> Any:
    """A comment."""
    text = _whole(r)
    return {"text": text} if text else None


@maps("VR[string]", uses="1-2")
def vr(r: Repetition, ctx: Context, how: How) -> Any:
    """A range of values, as text."""
    return "-".join(t for t in (r.text(1), r.text(2)) if t) or None


@maps("*[string]", uses="*")
def anything(r: Repetition, ctx: Context, how: How) -> Any:
    """A value of a type that FHIR has no place for: its components as text."""
    return " ".join(s for c in r.components for s in c if s) or None


@maps("OG[Extension-Subidentifier]", uses="1-4")
def og(r: Repetition, ctx: Context, how: How) -> Any:
    """OBX-4: which group of observations a value belongs to."""
    parts: list[Resource] = []
    if r.text(1):
        parts.append({"url": "original-sub-identifier", "valueString": r.text(1)})
    for n, name in ((2, "group"), (3, "sequence")):
        found = number(r.text(n))
        if found is not None:
            parts.append({"url": name, "valueDecimal": found})
    if r.text(4):
        parts.append({"url": "identifier", "valueString": r.text(4)})
    return {"extension": [{"url": V2_SUB_ID, "extension": parts}]} if parts else None


@maps("SPS[Specimen-Source]", uses="1-7")
def sps(r: Repetition, ctx: Context, how: How) -> Any:
    """OBR-15: kind of specimen, additive, how and where it was collected."""
    method = r.text(3)
    site = codeable(r.component(4), ctx, How())
    additive = codeable(r.component(2), ctx, How())
    return pruned(
        {
            "type": codeable(r.component(1), ctx, How()),
            "container": [{"additiveCodeableConcept": additive}] if additive else None,
            "collection": {
                "method": {"text": method} if method else codeable(r.component(6), ctx, How()),
                "bodySite": site,
            },
        }
    )


@maps("ID[MediaType]", uses="1")
def media(r: Repetition, ctx: Context, how: How) -> Any:
    """A document's type of data; a general word for text is plain text."""
    return media_type(r.text(1), "") or None


@maps("*[authentication-time]", uses="15")
def authenticated(r: Repetition, ctx: Context, how: How) -> Any:
    """PPN.15: when a document was signed."""
    return date_time(r.text(15), ctx.zone)


@maps("*[dateTime-first]", uses="1-2")
def first_time(r: Repetition, ctx: Context, how: How) -> Any:
    """The time in a DIN."""
    return date_time(r.text(1), ctx.zone)
