"""Private attributes that are known to say nothing of the patient (PS3.15 table E.3.10-1, a part).

By private creator and group: the last byte of their elements. All are numbers or codes of the
acquisition, without which images can't be used: diffusion, SUV factors, slopes, mosaics, pitch.
"""

from __future__ import annotations

from typing import Final

SAFE: Final[dict[tuple[str, int], frozenset[int]]] = {
    ("SIEMENS MR HEADER", 0x0019): frozenset({0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x27, 0x28, 0x29}),
    ("GEMS_PARM_01", 0x0043): frozenset({0x39, 0x6F}),
    ("GEMS_ACQU_01", 0x0019): frozenset({0x23, 0x24, 0x27, 0xBB, 0xBC, 0xBD}),
    ("GEMS_SERS_01", 0x0025): frozenset({0x07}),
    ("Philips PET Private Group", 0x7053): frozenset({0x00, 0x09}),
    ("Philips Imaging DD 001", 0x2001): frozenset({0x03, 0x04}),
    ("Philips MR Imaging DD 001", 0x2005): frozenset({0x0D, 0x0E, 0xB0, 0xB1, 0xB2}),
    ("ELSCINT1", 0x00E1): frozenset({0x21, 0x50}),
    ("ELSCINT1", 0x01F1): frozenset({0x26}),
}
HARMLESS: Final = frozenset({"CS", "DS", "FD", "FL", "IS", "SL", "SS", "UL", "US"})
"""Representations in which a safe attribute is kept; with another one it isn't what it says."""
