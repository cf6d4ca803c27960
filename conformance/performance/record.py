"""What was measured: latencies by family, errors by kind, and the figures made of them."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

EXAMPLE_BYTES = 400


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value that `share` of the ordered values don't exceed (nearest rank).

    >>> percentile([1.0, 2.0, 3.0, 4.0], 0.5)
    2.0
    """
    if not ordered:
        return 0.0
    rank = -(-len(ordered) * round(share * 1000) // 1000)  # the ceiling, without rounding errors
    return ordered[max(0, rank - 1)]


@dataclass(frozen=True, slots=True)
class Figures:
    """One row of the report; times in milliseconds, right answers only."""

    requests: int
    rate: float
    p50: float
    p95: float
    p99: float
    max: float
    errors: dict[str, int]

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(slots=True)
class Record:
    """The latencies of right answers and the counts of wrong ones; wrong ones have no latency."""

    latencies: defaultdict[str, array[float]] = field(default_factory=lambda: defaultdict(_seconds))
    errors: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    examples: dict[str, str] = field(default_factory=dict)
    bytes_received: int = 0

    def add(self, family: str, seconds: float, problem: str | None, body: bytes) -> None:
        """Count one answer; `problem` names what was wrong with it."""
        self.bytes_received += len(body)
        if problem is None:
            self.latencies[family].append(seconds)
        else:
            self.fail(family, problem, body)

    def fail(self, family: str, problem: str, body: bytes, count: int = 1) -> None:
        self.errors[family][problem] += count
        self.examples.setdefault(
            f"{family}: {problem}", body[:EXAMPLE_BYTES].decode(errors="replace")
        )

    def merge(self, other: Record) -> None:
        """Take in what another process measured."""
        for family, seconds in other.latencies.items():
            self.latencies[family].extend(seconds)
        for family, problems in other.errors.items():
            self.errors[family].update(problems)
        self.examples = other.examples | self.examples
        self.bytes_received += other.bytes_received

    @property
    def answered(self) -> int:
        """How many answers were right."""
        return sum(len(seconds) for seconds in self.latencies.values())

    @property
    def failed(self) -> int:
        return sum(problems.total() for problems in self.errors.values())

    def figures(self, elapsed: float, group: Callable[[str], str] = str) -> dict[str, Figures]:
        """A row for every family, or for every group of families, in the order they came."""
        names = dict.fromkeys([*self.latencies, *self.errors])
        families: defaultdict[str, list[str]] = defaultdict(list)
        for name in names:
            families[group(name)].append(name)
        return {name: self._row(members, elapsed) for name, members in families.items()}

    def total(self, elapsed: float) -> Figures:
        """One row for all of it."""
        return self._row(list(dict.fromkeys([*self.latencies, *self.errors])), elapsed)

    def _row(self, families: Sequence[str], elapsed: float) -> Figures:
        ordered = sorted(s for name in families for s in self.latencies.get(name, ()))
        problems: Counter[str] = Counter()
        for name in families:
            problems.update(self.errors.get(name, {}))
        p50, p95, p99 = (1000 * percentile(ordered, share) for share in (0.5, 0.95, 0.99))
        slowest = 1000 * ordered[-1] if ordered else 0.0
        rate = len(ordered) / elapsed if elapsed > 0 else 0.0
        return Figures(len(ordered), rate, p50, p95, p99, slowest, dict(problems))


def _seconds() -> array[float]:
    return array("d")
