"""What a load has done: counts by type, what was refused and why; for people and as JSON."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from fhirserver.loader.pieces import Fate, PassedOver, Refused, Result

FATES: Final[tuple[Fate, ...]] = ("created", "updated", "unchanged", "deleted")
MOST_SHOWN: Final = 20


@dataclass(slots=True)
class Summary:
    """What has been done so far. `waiting` is what may still succeed."""

    counts: Counter[tuple[str, Fate]] = field(default_factory=Counter)
    before: int = 0
    refused: list[Refused] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)
    waiting: list[Refused] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, result: Result) -> None:
        """Take in what became of a piece."""
        self.counts.update(result.counts)
        self.before += result.before
        self.refused += result.refused
        self.passed_over += result.passed_over

    @property
    def stored(self) -> int:
        """How many resources are in the database because of the files."""
        return self.counts.total() + self.before

    @property
    def rate(self) -> float:
        """Resources in a second, without those of an earlier load."""
        return self.counts.total() / self.seconds if self.seconds else 0.0

    def by_type(self) -> dict[str, dict[Fate, int]]:
        """The counts of each type, the types in the order of their names."""
        found: dict[str, dict[Fate, int]] = defaultdict(dict)
        for (resource_type, fate), count in sorted(self.counts.items()):
            found[resource_type][fate] = count
        return dict(found)

    def report(self) -> dict[str, Any]:
        """All of it, ready for JSON."""
        return {
            "seconds": round(self.seconds, 3),
            "resources_per_second": round(self.rate, 1),
            "types": self.by_type(),
            "loaded_before": self.before,
            "refused": [_refused(r) for r in self.refused],
            "passed_over": [{"file": p.file, "why": p.why} for p in self.passed_over],
        }

    def lines(self) -> Iterator[str]:
        """The same for people, a line at a time; of the refused only the first."""
        shown = [f for f in FATES if any(fate == f for _, fate in self.counts)]
        if self.counts:
            yield " " * 28 + "".join(f"{f:>12}" for f in shown)
        for resource_type, by_fate in self.by_type().items():
            yield f"{resource_type:<28}" + "".join(f"{by_fate.get(f, 0):>12,}" for f in shown)
        yield (
            f"{self.counts.total():,} resources in {self.seconds:,.1f} s"
            f" ({self.rate:,.0f} a second), {len(self.refused):,} refused"
        )
        if self.before:
            yield f"{self.before:,} resources were loaded before"
        if self.passed_over:
            first = self.passed_over[0]
            yield (
                f"{len(self.passed_over):,} files of other kinds were passed over, "
                f"such as {first.file}: {first.why}"
            )
        for refused in self.refused[:MOST_SHOWN]:
            yield f"refused: {described(refused)}"
        if len(self.refused) > MOST_SHOWN:
            yield f"and {len(self.refused) - MOST_SHOWN:,} more: --report FILE lists all of them"


def described(refused: Refused) -> str:
    """One line for something that was refused.

    >>> described(Refused("a.ndjson", (("Patient.birthDate", "not a date"),), line=3))
    'a.ndjson, line 3: Patient.birthDate: not a date'
    """
    where = refused.file
    if refused.line is not None:
        where += f", line {refused.line}"
    expression, text = refused.issues[0]
    said = f"{expression}: {text}" if expression else text
    more = len(refused.issues) - 1
    inside = f" (with all its {refused.resources:,} entries)" if refused.resources > 1 else ""
    return f"{where}: {said}{f' (and {more} more)' if more else ''}{inside}"


def _refused(refused: Refused) -> dict[str, Any]:
    made = {
        "file": refused.file,
        "line": refused.line,
        "entry": refused.entry,
        "type": refused.type,
        "resources": refused.resources,
        "issues": [{"expression": e, "text": t} for e, t in refused.issues],
    }
    return {name: value for name, value in made.items() if value is not None}
