"""What a de-identification did: tags and counts, never a value."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

from dicom_gateway.datasets.elements import Tree

BURNED_IN: Final = 0x00280301
RECOGNIZABLE: Final = 0x00280302


@dataclass(frozen=True, slots=True)
class Report:
    """How often which attribute was removed or changed, at all levels.

    `burned_in` and `recognizable` are what the dataset says of its pixels (0028,0301) and
    (0028,0302): YES, NO, or nothing. Pixels stay as they are.
    """

    removed: Counter[int] = field(default_factory=Counter)
    changed: Counter[int] = field(default_factory=Counter)
    burned_in: str = ""
    recognizable: str = ""

    def of(self, tree: Tree) -> Report:
        """The report with what the dataset says of its pixels."""
        said = {e.tag: e.raw for e in tree if e.tag in {BURNED_IN, RECOGNIZABLE}}

        def text(tag: int) -> str:
            return bytes(said.get(tag, b"")).decode("iso8859-1").strip("\0 ").upper()

        return replace(self, burned_in=text(BURNED_IN), recognizable=text(RECOGNIZABLE))
