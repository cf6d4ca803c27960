"""The project's goals on the two-core machine that the README names. Missing one is no failure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

RESOURCES: Final = 200_000


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound for one figure."""

    figure: str
    sense: Literal[">=", "<", "<="]
    bound: float
    unit: str

    def met_by(self, value: float) -> bool:
        """
        >>> Goal("read", ">=", 2000, "/s").met_by(1999.5)
        False
        """
        if self.sense == ">=":
            return value >= self.bound
        return value < self.bound if self.sense == "<" else value <= self.bound

    def text(self, value: float) -> str:
        """The goal as the report shows it beside a value."""
        return f"{self.sense} {self.bound:g}{self.unit} {'met' if self.met_by(value) else 'MISSED'}"


IMPORT: Final = Goal("import", ">=", 1500, " res/s")
RATES: Final = {
    "read": Goal("read", ">=", 2000, "/s"),
    "crud": Goal("crud", ">=", 700, "/s"),
    "search": Goal("search", ">=", 500, "/s"),
    "validate-code": Goal("validate-code", ">=", 2000, "/s"),
}
EXPAND_P50: Final = Goal("$expand of 10,000 codes", "<", 300, " ms")
SEARCH_P99: Final = Goal("p99 of every search family", "<", 60, " ms")
GROWTH: Final = Goal("growth of p50", "<", 1.5, "x")
BYTES: Final = Goal("database size", "<=", 3000, " B/res")
