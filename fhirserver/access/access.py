"""What a caller may do, as conditions on rows: the form in which every rule reaches the database.

A rule is never checked row by row afterwards: storage puts the condition into the WHERE of each
table that a statement names, so that what is hidden is absent from matches, chains, inclusions,
counts and pages alike. See README.md.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Final, Literal, Self

from fhirserver.search.query import And, Condition, Or

Right = Literal["c", "r", "u", "d", "s"]
"""SMART's letters: create, read (vread and an instance's history), update and patch, delete, search
(and the histories of types and of the system).

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

EVERYTHING: Final[Condition] = And(())
NOTHING: Final[Condition] = Or(())


@dataclass(frozen=True, slots=True)
class Allowed:
    """What one right on one type comes to.

    `condition` is what a row must meet. `hidden` are the top-level elements that aren't shown, and
    that no search may touch. `changes` are the only top-level elements that a write may alter
    (None: all), `constraints` FHIRPath expressions that must be true of it (%before and %after).
    """

    condition: Condition = EVERYTHING
    hidden: frozenset[str] = frozenset()
    changes: frozenset[str] | None = None
    constraints: tuple[str, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether the right holds for every row and every element."""
        return self is _PLAIN or self == _PLAIN


_PLAIN: Final = Allowed()

Rule = Callable[[str, Right], Allowed | None]


class Access:
    """The rights of one caller; each is worked out when it is first asked for."""

    def __init__(self, rule: Rule) -> None:
        """`rule` gives what a right on a type comes to; None when there is no such right."""
        self._rule = rule
        self._known: dict[tuple[str, Right], Allowed | None] = {}
        self._plain: dict[str, bool] = {}

    def with_all_of(self, types: frozenset[str]) -> Self:
        """The same rights, and all of them on these types.

        For what follows from a change that the caller may make: slots follow from appointments.
        """
        rule = self._rule
        made = copy(self)
        made.__dict__ |= {
            "_rule": lambda t, right: _PLAIN if t in types else rule(t, right),
            "_known": {},
            "_plain": {},
        }
        return made

    def allowed(self, resource_type: str, right: Right) -> Allowed | None:
        """What a right on a type comes to; None when there is no such right."""
        key = (resource_type, right)
        if key not in self._known:
            self._known[key] = self._rule(resource_type, right)
        return self._known[key]

    def is_plain(self, resource_type: str) -> bool:
        """Whether the rights on a type, those there are, hold for every row and element.

        And whether what is written of it may refer to whomever it will.
        """
        found = self._plain.get(resource_type)
        if found is None:
            rights: tuple[Right, ...] = ("c", "r", "u", "d")
            allowed = [self.allowed(resource_type, right) for right in rights]
            found = self.referable() == EVERYTHING and all(a is None or a.is_plain for a in allowed)
            self._plain[resource_type] = found
        return found

    def reading(self, resource_type: str) -> Condition:
        """What rows of a type must meet to be seen by their ids, or beside what refers to them."""
        return self._seen(resource_type, "r", "s")

    def searching(self, resource_type: str) -> Condition:
        """What rows of a type must meet to be found, or to decide what else is found."""
        return self._seen(resource_type, "s", "r")

    def touching(self, resource_type: str) -> Condition:
        """What rows of a type must meet to be there at all, whatever may be done with them."""
        rights: tuple[Right, ...] = ("r", "s", "u", "d")
        found = [a.condition for r in rights if (a := self.allowed(resource_type, r)) is not None]
        if EVERYTHING in found:
            return EVERYTHING
        return found[0] if len(set(found)) == 1 else Or(tuple(dict.fromkeys(found)))

    def condition(self, resource_type: str, right: Right) -> Condition:
        """What rows of a type must meet for one right."""
        found = self.allowed(resource_type, right)
        return NOTHING if found is None else found.condition

    def referable(self) -> Condition:
        """What a Patient must meet for what the caller writes to refer to it.

        References make care relationships: nobody gives themselves one with whom they don't see.
        """
        found = self.touching("Patient")
        return EVERYTHING if found == NOTHING else found

    def hidden(self, resource_type: str) -> frozenset[str]:
        """The top-level elements of a type that aren't shown."""
        found = [self.allowed(resource_type, right) for right in ("r", "s")]
        return frozenset().union(*(a.hidden for a in found if a is not None))

    def _seen(self, resource_type: str, first: Right, second: Right) -> Condition:
        found = self.allowed(resource_type, first) or self.allowed(resource_type, second)
        return NOTHING if found is None else found.condition
