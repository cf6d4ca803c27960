"""The phases of a run: each sends one kind of load and says what it measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from conformance.performance.client import Target
from conformance.performance.cpu import Meter
from conformance.performance.drive import MakeScript, drive_processes
from conformance.performance.record import Figures, Record


@dataclass(frozen=True, slots=True)
class Load:
    """How hard and how long to press, and on what."""

    target: Target
    meter: Meter
    seconds: float = 30.0
    warmup_seconds: float = 3.0
    clients: int = 8
    processes: int = 1
    seed: int = 1
    timeout_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class Result:
    """What a phase measured: a row for each family, one for all, CPU seconds by party.

    `parts` has a row for each part of a family, where families are groups.
    """

    phase: str
    elapsed: float
    total: Figures
    families: dict[str, Figures]
    cpu_seconds: dict[str, float]
    received: int
    examples: dict[str, str]
    parts: dict[str, Figures] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def answers(self) -> int:
        """Every answer, right or wrong: what the CPU was spent on."""
        return self.total.requests + sum(self.total.errors.values())

    def cpu_ms_per_request(self) -> dict[str, float]:
        return {
            who: 1000 * seconds / max(1, self.answers) for who, seconds in self.cpu_seconds.items()
        }


def press(phase: str, load: Load, make: MakeScript, group: Callable[[str], str] = str) -> Result:
    """Warm up, then measure clients that each play the script made for their number."""

    def run(record: Record, seconds: float, first: int) -> float:
        return drive_processes(
            load.target,
            lambda number: make(first + number),
            load.clients,
            record,
            seconds=seconds,
            processes=load.processes,
            timeout_seconds=load.timeout_seconds,
        )

    if load.warmup_seconds:
        run(Record(), load.warmup_seconds, 1_000_000)
    record = Record()
    before = load.meter.read()
    elapsed = run(record, load.seconds, 0)
    return result(phase, record, elapsed, load.meter.since(before), group)


def result(
    phase: str,
    record: Record,
    elapsed: float,
    cpu_seconds: dict[str, float],
    group: Callable[[str], str] = str,
    **details: Any,
) -> Result:
    """The figures of a record."""
    families, parts = record.figures(elapsed, group), record.figures(elapsed)
    return Result(
        phase,
        elapsed,
        record.total(elapsed),
        families,
        cpu_seconds,
        record.bytes_received,
        dict(list(record.examples.items())[:20]),
        parts if len(parts) > len(families) else {},
        details,
    )
