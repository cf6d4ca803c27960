"""What an expression may reach besides the value it is evaluated on.

https://hl7.org/fhir/R4/fhirpath.html#variables
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Protocol

from fhirserver import clock
from fhirserver.errors import TooCostly

log = logging.getLogger(__name__)

MAX_STEPS: Final = 1_000_000
"""Items that loops may look at in one evaluation; about half a second."""

MAX_SECONDS: Final = 2.0
"""How long one evaluation may take, whatever its steps cost."""

OWN_STEPS: Final = 100_000_000
OWN_SECONDS: Final = 60.0
"""Limits for the standard's own expressions, whose work grows with the content alone."""

LOOK_EVERY: Final = 32
"""Steps between two looks at the clock. A step costs at most about a millisecond."""

LONGEST_STRING: Final = 1_000_000
"""Characters of a string that an expression may build."""

QUESTION: Final = LOOK_EVERY
"""Steps that a question to others costs: a resource, a value set, a profile. Who knows how long
they take, so the clock is looked at after each."""

CHARACTERS: Final = 64
"""Characters of a string that cost a step when it is read or made."""


class Resolver(Protocol):
    """Finds what a reference points at; None if it can't be found."""

    def __call__(self, reference: str) -> Mapping[str, Any] | None: ...


class Terminology(Protocol):
    """Answers memberOf(), subsumes() and subsumedBy(); None if that can't be decided."""

    def member_of(self, value_set: str, type_: str, value: Any) -> bool | None: ...

    def subsumes(self, system: str, code: str, other: str) -> bool | None:
        """Whether `code` is `other` or above it."""
        ...


class Profiles(Protocol):
    """Answers conformsTo(), slice() and htmlChecks(); None if the profile isn't known."""

    def conforms_to(self, profile: str, item: tuple[str, Any, Any]) -> bool | None: ...

    def slice(
        self, profile: str, name: str, items: Sequence[tuple[str, Any, Any]]
    ) -> list[tuple[str, Any, Any]] | None:
        """The items that belong to a slice."""
        ...

    def is_narrative(self, xhtml: Any) -> bool: ...


class Trace(Protocol):
    """Takes what trace() shows: the name and the items."""

    def __call__(self, name: str, items: Sequence[tuple[str, Any, Any]]) -> None: ...


@dataclass(frozen=True, slots=True)
class Env:
    """Everything is optional.

    `resource` and `root_resource` are `%resource` and `%rootResource`, needed when the value
    evaluated on is an element; `variables` are the values of further `%names`: a Python value,
    a list of them, or `Typed`s.
    """

    resource: Mapping[str, Any] | None = None
    root_resource: Mapping[str, Any] | None = None
    variables: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    resolve: Resolver | None = None
    terminology: Terminology | None = None
    profiles: Profiles | None = None
    trace: Trace | None = None
    now: datetime | None = None
    """The time of the evaluation; the clock's when not given."""
    max_steps: int = MAX_STEPS
    max_seconds: float = MAX_SECONDS
    joined_nothing: str | None = None
    """What join() gives for an empty collection: nothing, or the empty text in views."""
    deadline: float | None = None
    """Instead of max_seconds: the time.monotonic() at which evaluations must have ended that
    belong together."""


NOTHING: Final = Env()


class Scope:
    """The state of one evaluation: never shared between threads, so it may change."""

    # Defaults on the class, because a scope is made for every evaluation and few need these.
    index: int = 0
    total: Sequence[tuple[str, Any, Any]] = ()
    now: datetime | None = None
    spent: int = 0
    look_at: int = LOOK_EVERY
    deadline: float | None = None
    defined: dict[int | str, list[tuple[str, Any, Any]]] | None = None
    """What defineVariable() has defined, by the position of its call, or by a computed name."""

    def __init__(self, context: tuple[str, Any, Any], env: Env) -> None:
        self.context = context
        self.env = env
        if env.max_steps < LOOK_EVERY:
            self.look_at = env.max_steps

    def spend(self, steps: int) -> None:
        """Count the work of a loop; raises TooCostly when the budget is used up."""
        self.spent += steps
        if self.spent > self.look_at:
            self._look()

    def _look(self) -> None:
        """Rarely, as most evaluations end before they have used up anything."""
        env = self.env
        if self.spent > env.max_steps:
            raise TooCostly(f"FHIRPath: the expression takes more than {env.max_steps} steps")
        now = time.monotonic()
        if self.deadline is None:
            self.deadline = now + env.max_seconds if env.deadline is None else env.deadline
        if now > self.deadline:
            raise TooCostly("FHIRPath: the expression takes too long")
        self.look_at = min(env.max_steps, self.spent + LOOK_EVERY)

    def time(self) -> datetime:
        """The time of this evaluation: now() and today() don't move within one.

        http://hl7.org/fhirpath/N1/#current-date-and-time-functions
        """
        if self.now is None:
            self.now = self.env.now or clock.now()
        return self.now

    @property
    def resource(self) -> Mapping[str, Any] | None:
        """`%resource`: the resource that the value evaluated on is, or is in."""
        if self.env.resource is not None:
            return self.env.resource
        value = self.context[1]
        return value if isinstance(value, dict) and "resourceType" in value else None

    @property
    def root_resource(self) -> Mapping[str, Any] | None:
        """`%rootResource`: the resource that contains a contained `%resource`."""
        return self.env.root_resource or self.resource
