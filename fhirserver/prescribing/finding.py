"""What speaks against a prescription: one finding, told the same way in every form."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from fhirserver.prescribing.knowledge import SEVERITIES, Severity
from fhirserver.prescribing.medicine import Medicine

Kind = Literal["allergy", "interaction", "duplicate", "result", "repeat"]
SHORT: Final = 139
"""The longest summary: CDS Hooks asks for fewer than 140 characters."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a prescriber should know before signing.

    `medicine` is what is prescribed or ordered, `against` the resources that it stands against,
    `source` where the rule comes from.
    """

    kind: Kind
    severity: Severity
    summary: str
    detail: str
    management: str | None
    source: str
    medicine: Medicine
    against: tuple[str, ...]

    @property
    def key(self) -> str:
        """The same for the same finding whenever it is made: an override names it."""
        told = [self.kind, *sorted(f"{c.system}|{c.code}" for c in self.medicine.ingredients)]
        return hashlib.sha256("\n".join([*told, *sorted(self.against)]).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Unchecked:
    """What couldn't be compared, and why: nothing found isn't the same as nothing there."""

    reference: str
    reason: str


def short(text: str) -> str:
    """A text as a summary, cut at a word if it must be."""
    if len(text) <= SHORT:
        return text
    return text[: SHORT - 1].rsplit(" ", 1)[0] + "…"


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """In the order in which they should be read."""
    return sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), f.kind, f.summary))
