"""What an expression may reach besides the value it is evaluated on.

https://hl7.org/fhir/R4/fhirpath.html#variables
"""

from __future__ import annotations

import logging
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

LONGEST_STRING: Final = 1_000_000
"""Characters of a string that an expression may build."""


class Resolver(Protocol):
    """Finds what a reference points at; None if it can't be found."""

    def __call__(self, reference: str) -> Mapping[str, Any] | None: ...


class Terminology(Protocol):
    """Answers memberOf(); None if the value set isn't known."""

    def member_of(self, value_set: str, type_: str, value: Any) -> bool | None: ...


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
    now: datetime | None = None
    """The time of the evaluation; the clock's when not given."""
    max_steps: int = MAX_STEPS


NOTHING: Final = Env()


class Scope:
    """The state of one evaluation: never shared between threads, so it may change."""

    # Defaults on the class, because a scope is made for every evaluation and few need these.
    index: int = 0
    total: Sequence[tuple[str, Any, Any]] = ()
    now: datetime | None = None

    def __init__(self, context: tuple[str, Any, Any], env: Env) -> None:
        self.context = context
        self.env = env
        self.steps = env.max_steps

    def spend(self, steps: int) -> None:
        """Count the work of a loop; raises TooCostly when the budget is used up."""
        self.steps -= steps
        if self.steps < 0:
            raise TooCostly(f"FHIRPath: more than {self.env.max_steps} steps")

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
