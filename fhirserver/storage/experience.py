"""What was learned about a search lately, for when it is asked again: screens repeat theirs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from fhirserver.search.query import Condition, Sort

REMEMBERED_SECONDS: Final = 60.0
MOST_SEARCHES: Final = 5_000

Search = tuple[str, Condition, tuple[Sort, ...], Condition]
"""The type that is searched, what its resources must meet, their order, and what is seen."""


@dataclass(slots=True)
class Lesson:
    """What all matches cost by the planner, how many there are, and which walks found too few."""

    cost: float
    matches: float
    failed_walks: int = 0


class Experience:
    """The lessons of the last minute, forgotten all at once."""

    def __init__(self) -> None:
        self._lessons: dict[Search, Lesson] = {}
        self._until = 0.0

    def of(self, search: Search) -> Lesson | None:
        """What is known of a search."""
        if time.monotonic() > self._until or len(self._lessons) > MOST_SEARCHES:
            self._lessons = {}
            self._until = time.monotonic() + REMEMBERED_SECONDS
        return self._lessons.get(search)

    def keep(self, search: Search, lesson: Lesson) -> None:
        """Remember what was learned."""
        self._lessons[search] = lesson
