"""What a rule has found."""

from __future__ import annotations

from dataclasses import dataclass

from fhirserver.alerting.plans import Rule


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that speaks up; `text` says in a sentence what it saw, with the value.

    `basis` tells one finding from another: while it stays the same, nobody is called again.
    """

    rule: Rule
    text: str
    basis: str
    evidence: tuple[str, ...] = ()
