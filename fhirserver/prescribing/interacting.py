"""Two medicines together: interactions that the tables know, and the same therapy twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from fhirserver.prescribing.finding import Finding, short
from fhirserver.prescribing.knowledge import SEVERITIES, Interaction, Knowledge
from fhirserver.prescribing.medicine import Medicine


def interaction_findings(
    medicine: Medicine, others: Iterable[Medicine], known: Knowledge
) -> Iterator[Finding]:
    """For each other medicine the worst interaction with it, if any is known."""
    words = known.words
    for other in others:
        found = _worst(medicine, other, known)
        if found is not None:
            about = {
                "medicine": medicine.name,
                "other": other.name,
                "explanation": found.explanation,
            }
            yield Finding(
                kind="interaction",
                severity=found.severity,
                summary=short(words["interaction.summary"].format(**about)),
                detail=words["interaction.detail"].format(**about),
                management=found.management,
                source=found.source,
                medicine=medicine,
                against=(other.reference,),
            )


def _worst(one: Medicine, other: Medicine, known: Knowledge) -> Interaction | None:
    pairs = product(one.everything, other.everything)
    # The same ingredients twice are no interaction but a duplicate.
    if one.ingredients <= other.ingredients or other.ingredients <= one.ingredients:
        return None
    found = (known.interaction(a, b) for a, b in pairs)
    return min(
        (i for i in found if i is not None),
        key=lambda i: (SEVERITIES.index(i.severity), i.one, i.other),
        default=None,
    )


def duplicate_findings(
    medicine: Medicine, others: Iterable[Medicine], known: Knowledge
) -> Iterator[Finding]:
    """For each other medicine that has an ingredient of this one, or is of the same group.

    The same group is only a hint: two platelet inhibitors may well be meant.
    """
    words = known.words
    for other in others:
        same = medicine.ingredients & other.ingredients
        alike = medicine.groups & other.groups
        if not same and not alike:
            continue
        names = ", ".join(sorted(known.names.get(c, c.code) for c in same or alike))
        about = {"medicine": medicine.name, "other": other.name, "names": names}
        yield Finding(
            kind="duplicate",
            severity="moderate" if same else "low",
            summary=short(words["duplicate.summary"].format(**about)),
            detail=words["duplicate.same" if same else "duplicate.alike"].format(**about),
            management=words["duplicate.management"],
            source=words["source.ingredients" if same else "source.groups"],
            medicine=medicine,
            against=(other.reference,),
        )
