"""How a file becomes a workflow: it registers what it does, and the package is discovered.

@workflow("critical_results", types=("Observation",))
def act(occasion: Occasion) -> None: ...

@timer("escalation")
def remind(elapsed: Elapsed) -> None: ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fhirserver.registry import Registry
from fhirserver.workflows.occasion import Change, Elapsed, Occasion

__all__ = ["Change", "Elapsed", "Occasion", "timer", "timers", "workflow", "workflows"]

Act = Callable[[Occasion], None]
Remind = Callable[[Elapsed], None]


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow: it is called after each committed change of these types, in order per resource.

    At least once: after a crash it is called again, so it makes things with `create_once`.
    """

    name: str
    types: frozenset[str]
    act: Act


workflows: Final[Registry[Workflow]] = Registry("workflow")
timers: Final[Registry[Remind]] = Registry("timer")


def workflow(name: str, *, types: tuple[str, ...]) -> Callable[[Act], Act]:
    """Let the decorated function be called for every change of these types."""

    def add(act: Act) -> Act:
        workflows.register(name)(Workflow(name, frozenset(types), act))
        return act

    return add


def timer(name: str) -> Callable[[Remind], Remind]:
    """Let the decorated function be called when a timer of this name has run out."""
    return timers.register(name)
