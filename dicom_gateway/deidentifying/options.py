"""The options of the confidentiality profile (PS3.15 E.3), and their codes (CID 7050)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Dates(Enum):
    """What becomes of dates and times (PS3.15 E.3.6)."""

    REMOVED = "REMOVED"
    MODIFIED = "MODIFIED"
    """Moved by as many days as the patient's pseudonym says: intervals stay true."""
    KEPT = "UNMODIFIED"


@dataclass(frozen=True, slots=True)
class Options:
    """The Basic Application Level Confidentiality Profile, with these options."""

    dates: Dates = Dates.REMOVED
    keep_uids: bool = False
    keep_characteristics: bool = False
    """Sex, age, size, weight and what else the patient's characteristics are."""
    keep_device: bool = False
    keep_institution: bool = False
    clean_descriptors: bool = False
    """Descriptions keep those of their words that are words of radiology; see vocabulary.py."""
    keep_safe_private: bool = False

    @property
    def codes(self) -> tuple[tuple[str, str], ...]:
        """What De-identification Method Code Sequence (0012,0064) says, DCM codes and meanings."""
        chosen = (
            True, self.clean_descriptors, self.dates is Dates.KEPT, self.dates is Dates.MODIFIED,
            self.keep_characteristics, self.keep_device, self.keep_uids, self.keep_safe_private,
            self.keep_institution,
        )  # fmt: skip
        return tuple(code for code, is_chosen in zip(_CODES, chosen, strict=True) if is_chosen)

    @property
    def columns(self) -> frozenset[str]:
        """The columns of table E.1-1 that hold beside the basic one."""
        dates = {Dates.KEPT: "full", Dates.MODIFIED: "modified"}.get(self.dates)
        chosen = {
            "uids": self.keep_uids, "characteristics": self.keep_characteristics,
            "device": self.keep_device, "institution": self.keep_institution,
            "descriptors": self.clean_descriptors,
        }  # fmt: skip
        names = {name for name, is_chosen in chosen.items() if is_chosen}
        return frozenset(names | ({dates} if dates else set()))


_CODES: Final = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113105", "Clean Descriptors Option"),
    ("113106", "Retain Longitudinal Temporal Information Full Dates Option"),
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    ("113108", "Retain Patient Characteristics Option"),
    ("113109", "Retain Device Identity Option"),
    ("113110", "Retain UIDs Option"),
    ("113111", "Retain Safe Private Option"),
    ("113112", "Retain Institution Identity Option"),
)
