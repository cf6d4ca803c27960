"""A dataset without its patient: PS3.15 annex E, Basic Application Level Confidentiality Profile.

Pixels aren't looked at: what is burned into them stays, and the report says what the dataset says
of that. An instance whose content is a document (PDF, CDA) is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from dicom_gateway.datasets.attributes import representation
from dicom_gateway.datasets.charsets import DEFAULT, Charset, charset_of
from dicom_gateway.datasets.elements import Element, Tree, elements, written
from dicom_gateway.datasets.reading import Data
from dicom_gateway.deidentifying import dates as days
from dicom_gateway.deidentifying import identifiers, marks
from dicom_gateway.deidentifying.options import Dates, Options
from dicom_gateway.deidentifying.private import HARMLESS, SAFE
from dicom_gateway.deidentifying.profile import ACTIONS, OPTIONS
from dicom_gateway.deidentifying.pseudonyms import Patient, Pseudonyms
from dicom_gateway.deidentifying.report import Report
from dicom_gateway.deidentifying.vocabulary import cleaned

PATIENT_NAME: Final = 0x00100010
PATIENT_ID: Final = 0x00100020
ISSUER: Final = 0x00100021
BIRTH_DATE: Final = 0x00100030
STUDY: Final = 0x0020000D
ENCAPSULATED_DOCUMENT: Final = 0x00420011

_CHOICE: Final = {"X/Z": "Z", "X/D": "D", "Z/D": "D", "X/Z/D": "D", "X/Z/U": "U"}
"""Which of a choice is right depends on the object's definition; these are right for every one."""
_WALKED: Final = frozenset({
    0x00081111,  # Referenced Performed Procedure Step Sequence
    0x00340001,  # Flow Identifier Sequence
    0x0040A073,  # Verifying Observer Sequence
    0x0040A730,  # Content Sequence
    0x0040B020,  # Waveform Annotation Sequence
    0x00700001,  # Graphic Annotation Sequence
})  # fmt: skip
"""Their dummy is the sequence itself, each attribute in it treated; others are emptied."""
_CLASSES: Final = frozenset({
    0x00080016, 0x0008001A, 0x0008001B, 0x00080062, 0x0008010C, 0x0008010D, 0x00080117, 0x00080118,
    0x0008040E, 0x00081150, 0x0008115A, 0x00083002, 0x00340003, 0x04000010, 0x04000510, 0x30100052,
    0x30100053,
})  # fmt: skip
"""UIDs of classes, transfer syntaxes, coding schemes: they are nobody's."""
_STANDARD: Final = "1.2.840.10008."
_DUMMIES: Final = {**days.DUMMY, "AS": "000Y", "DS": "0", "IS": "0", "UR": "urn:removed"}
_PROSE: Final = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT"})
_SENTENCES: Final = frozenset({"LO", "LT", "SH", "ST", "UC", "UT"})


_CODE_MEANING: Final = 0x00080104
Texts = Literal["kept", "cleaned", "dummies"]
"""What becomes of texts within a sequence that the table names."""


class Unsuitable(Exception):
    """The instance can't be de-identified by changing its attributes."""


@dataclass(frozen=True, slots=True)
class Deidentified:
    """The new dataset, the syntax it is written in, and what was done."""

    dataset: bytes
    transfer_syntax: str
    report: Report


def deidentify(
    dataset: Data, transfer_syntax: str, pseudonyms: Pseudonyms, options: Options | None = None
) -> Deidentified:
    """The dataset without what the profile and options take out of it."""
    chosen = options or Options()
    tree, syntax = elements(dataset, transfer_syntax)
    if any(element.tag == ENCAPSULATED_DOCUMENT for element in tree):
        raise Unsuitable("an encapsulated document may say anything: it can't be de-identified")
    known = identifiers.known(
        tree, institution=not chosen.keep_institution, dates=chosen.dates is not Dates.KEPT
    )
    patient = pseudonyms.patient(*_identity(tree))
    walk = _Walk(chosen, chosen.columns, pseudonyms, patient, known)
    kept = walk.tree(tree, DEFAULT, texts="kept")
    report = walk.report.of(tree)
    return Deidentified(written(marks.marked(kept, chosen), syntax), syntax, report)


def _identity(tree: Tree) -> tuple[str, ...]:
    """Issuer and id; where there is no id, the name and birth date, else the study."""

    def text(tag: int) -> str:
        found = next((e for e in tree if e.tag == tag and e.items is None), None)
        return "" if found is None else bytes(found.raw).decode("iso8859-1").strip("\0 ")

    if text(PATIENT_ID):
        return "id", text(ISSUER), text(PATIENT_ID)
    if text(PATIENT_NAME):
        return "name", text(PATIENT_NAME).upper(), text(BIRTH_DATE)
    return "study", text(STUDY)


@dataclass(frozen=True, slots=True)
class _Walk:
    options: Options
    columns: frozenset[str]
    pseudonyms: Pseudonyms
    patient: Patient
    known: re.Pattern[str] | None
    report: Report = field(default_factory=Report)

    def tree(self, tree: Tree, charset: Charset, *, texts: Texts) -> Tree:
        kept: list[Element] = []
        creators: dict[int, str] = {}
        for element in tree:
            if element.tag == 0x00080005:
                charset = charset_of(*bytes(element.raw).decode("iso8859-1").split("\\"))
            if element.tag >> 16 & 1:
                treated = self.private(element, creators)
            else:
                treated = self.public(element, charset, texts=texts)
            if treated is None:
                self.report.removed[element.tag] += 1
            else:
                kept.append(treated)
        used = {e.tag >> 16 << 16 | (e.tag >> 8 & 0xFF) for e in kept if e.tag >> 16 & 1}
        return tuple(
            e for e in kept if not e.tag >> 16 & 1 or e.tag & 0xFFFF > 0xFF or e.tag in used
        )

    def private(self, element: Element, creators: dict[int, str]) -> Element | None:
        """Removed, but for those known to be safe where that is wanted; and their creators."""
        group, number = element.tag >> 16, element.tag & 0xFFFF
        if not self.options.keep_safe_private or element.items is not None:
            return None
        if 0x10 <= number <= 0xFF:
            name = bytes(element.raw).decode("iso8859-1").strip("\0 ")
            creators[group << 8 | number] = name
            return element if any(safe[0] == name for safe in SAFE) else None
        creator = creators.get(group << 8 | number >> 8, "")
        safe = number & 0xFF in SAFE.get((creator, group), ())
        return element if safe and element.vr in HARMLESS else None

    def public(self, element: Element, charset: Charset, *, texts: Texts) -> Element | None:
        tag, vr = element.tag, element.vr
        group = tag >> 16
        if group < 0x0008 or group & 0xFF00 in {0x5000, 0x6000} or vr == "UN" or not tag & 0xFFFF:
            return None  # no attribute of an instance, curves, overlays, what nobody knows
        if tag in {PATIENT_NAME, PATIENT_ID}:
            return self.changed(element, self.patient.name.encode("ascii"))
        action = self.action(tag, vr)
        if action == "X":
            return None
        if action == "Z":
            return self.changed(element, b"")
        if action == "D":
            return self.dummy(element, charset)
        if action == "C":
            return self.clean(element, charset)
        return self.keep(element, charset, texts=texts, uids=action == "K")

    def action(self, tag: int, vr: str) -> str:
        """The table's action as the options have it; "" where there is none."""
        chosen = {did for column, did in OPTIONS.get(tag, {}).items() if column in self.columns}
        if chosen:
            return "K" if "K" in chosen else "C"
        basic = ACTIONS.get(tag)
        if basic is not None:
            return _CHOICE.get(basic, basic)
        if vr == "PN":
            return "Z"
        if vr in {"DA", "DT", "TM"}:
            return {Dates.REMOVED: "X", Dates.MODIFIED: "C", Dates.KEPT: "K"}[self.options.dates]
        if representation(tag) == "UN":
            return "X"
        return ""

    def keep(
        self, element: Element, charset: Charset, *, texts: Texts, uids: bool = False
    ) -> Element | None:
        """An element that stays: its items are treated, its UIDs translated, its text swept."""
        tag, vr = element.tag, element.vr
        if element.items is not None:
            items = tuple(self.tree(item, charset, texts=texts) for item in element.items)
            return replace(element, items=items)
        if element.fragments:
            return element
        if vr == "UI" and not uids and not self.options.keep_uids and tag not in _CLASSES:
            return self.translated(element)
        if texts != "kept" and vr in _SENTENCES and tag not in identifiers.CODED:
            if texts == "cleaned":
                return self.clean(element, charset)
            if tag != _CODE_MEANING:
                return self.dummy(element, charset)
        swept = identifiers.swept(element.raw, vr, tag, charset, self.known)
        return element if swept is None else self.changed(element, swept)

    def translated(self, element: Element) -> Element:
        values = bytes(element.raw).decode("iso8859-1").split("\\")
        plain = [value.strip("\0 ") for value in values]
        new = [v if not v or v.startswith(_STANDARD) else self.pseudonyms.uid(v) for v in plain]
        return self.changed(element, "\\".join(new).encode("ascii", "replace"))

    def clean(self, element: Element, charset: Charset) -> Element | None:
        """What may stay of a date or description, by the options."""
        vr = element.vr
        if element.items is not None:
            items = tuple(self.tree(item, charset, texts="cleaned") for item in element.items)
            return replace(element, items=items)
        if vr in {"DA", "DT", "TM"}:
            values = bytes(element.raw).decode("iso8859-1").split("\\")
            moved = [days.moved(value, vr, self.patient.shift) for value in values]
            return self.changed(element, "\\".join(moved).encode("ascii"))
        if vr not in _SENTENCES:
            return None
        raw = identifiers.swept(element.raw, vr, 0, charset, self.known)
        text = charset.text(bytes(element.raw) if raw is None else raw)
        return self.changed(element, cleaned(text).encode("ascii", "ignore"))

    def dummy(self, element: Element, charset: Charset) -> Element | None:
        vr = element.vr
        if element.items is not None:
            if element.tag not in _WALKED:
                return self.changed(element, b"")
            return self.keep(element, charset, texts="dummies")
        if vr == "UI":
            return self.translated(element)
        if not element.raw:
            return element
        if vr in _PROSE or vr in _DUMMIES:
            return self.changed(element, _DUMMIES.get(vr, "REMOVED").encode("ascii"))
        return self.changed(
            element, bytes(min(len(element.raw), 2) if vr == "OB" else len(element.raw))
        )

    def changed(self, element: Element, raw: bytes) -> Element:
        self.report.changed[element.tag] += 1
        items = None if element.items is None else ()
        return replace(element, raw=raw, items=items, fragments=False)
