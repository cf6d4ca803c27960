"""Which attributes of an instance are asked for, and what representation each has (PS3.6)."""

from __future__ import annotations

from functools import cache
from typing import Final

STUDY: Final = 0x0020000D
SERIES: Final = 0x0020000E
INSTANCE: Final = 0x00080018
SOP_CLASS: Final = 0x00080016
CHARACTER_SET: Final = 0x00080005
PIXEL_REPRESENTATION: Final = 0x00280103
PIXELS: Final = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
ITEM: Final = 0xFFFEE000
ITEM_END: Final = 0xFFFEE00D
SEQUENCE_END: Final = 0xFFFEE0DD

WANTED: Final[dict[int, str]] = {
    0x00080005: "CS",  # Specific Character Set
    0x00080008: "CS",  # Image Type
    0x00080016: "UI",  # SOP Class UID
    0x00080018: "UI",  # SOP Instance UID
    0x00080020: "DA",  # Study Date
    0x00080021: "DA",  # Series Date
    0x00080022: "DA",  # Acquisition Date
    0x00080023: "DA",  # Content Date
    0x0008002A: "DT",  # Acquisition DateTime
    0x00080030: "TM",  # Study Time
    0x00080031: "TM",  # Series Time
    0x00080032: "TM",  # Acquisition Time
    0x00080033: "TM",  # Content Time
    0x00080050: "SH",  # Accession Number
    0x00080051: "SQ",  # Issuer of Accession Number Sequence
    0x00080060: "CS",  # Modality
    0x00080070: "LO",  # Manufacturer
    0x00080080: "LO",  # Institution Name
    0x00080090: "PN",  # Referring Physician's Name
    0x00080201: "SH",  # Timezone Offset From UTC
    0x00081010: "SH",  # Station Name
    0x00081030: "LO",  # Study Description
    0x00081032: "SQ",  # Procedure Code Sequence
    0x0008103E: "LO",  # Series Description
    0x00081050: "PN",  # Performing Physician's Name
    0x00081060: "PN",  # Name of Physicians Reading Study
    0x00081070: "PN",  # Operators' Name
    0x00081090: "LO",  # Manufacturer's Model Name
    0x00081111: "SQ",  # Referenced Performed Procedure Step Sequence
    0x00082218: "SQ",  # Anatomic Region Sequence
    0x00100010: "PN",  # Patient's Name
    0x00100020: "LO",  # Patient ID
    0x00100021: "LO",  # Issuer of Patient ID
    0x00100024: "SQ",  # Issuer of Patient ID Qualifiers Sequence
    0x00100030: "DA",  # Patient's Birth Date
    0x00100040: "CS",  # Patient's Sex
    0x00101002: "SQ",  # Other Patient IDs Sequence
    0x00101010: "AS",  # Patient's Age
    0x00104000: "LT",  # Patient Comments
    0x00180015: "CS",  # Body Part Examined
    0x00181030: "LO",  # Protocol Name
    0x0020000D: "UI",  # Study Instance UID
    0x0020000E: "UI",  # Series Instance UID
    0x00200010: "SH",  # Study ID
    0x00200011: "IS",  # Series Number
    0x00200013: "IS",  # Instance Number
    0x00200060: "CS",  # Laterality
    0x00200062: "CS",  # Image Laterality
    0x00280002: "US",  # Samples per Pixel
    0x00280004: "CS",  # Photometric Interpretation
    0x00280008: "IS",  # Number of Frames
    0x00280010: "US",  # Rows
    0x00280011: "US",  # Columns
    0x00280100: "US",  # Bits Allocated
    0x00400244: "DA",  # Performed Procedure Step Start Date
    0x00400245: "TM",  # Performed Procedure Step Start Time
    0x00400275: "SQ",  # Request Attributes Sequence
    0x0040A043: "SQ",  # Concept Name Code Sequence
    0x00420010: "ST",  # Document Title
    0x00420012: "LO",  # MIME Type of Encapsulated Document
}
LAST: Final = 0x0042FFFF
"""Elements lie in ascending order; past this there is none that is asked for."""
CONTENT: Final = 0x0040A730
"""A report's content; no report has an attribute past it that is asked for."""

_AMBIGUOUS: Final = {
    "US or SS": "US", "US or OW": "OW", "OB or OW": "OW", "US or SS or OW": "OW",
}  # fmt: skip


@cache
def representation(tag: int) -> str:
    """The dictionary's value representation of a tag; UN for private and unknown ones.

    Where the standard leaves a choice (PS3.5 annex A) it is what implicit little endian asks for,
    and "US or SS" stays, since the Pixel Representation decides it.
    """
    group, element = tag >> 16, tag & 0xFFFF
    if element == 0:
        return "UL"
    if group % 2:
        return "LO" if 0x10 <= element <= 0xFF else "UN"
    from pydicom.datadict import dictionary_VR  # noqa: PLC0415 - 0.2 s, for a few callers

    try:
        vr = str(dictionary_VR(tag))
    except KeyError:
        return "UN"
    return vr if vr == "US or SS" else _AMBIGUOUS.get(vr, vr)
