"""How a file becomes a workflow: it registers what it does, and the package is discovered.

@workflow("critical_results", types=("Observation",))
def act(occasion: Occasion) -> None: ...

@timer("escalation")
def remind(elapsed: Elapsed) -> None: ...
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from fhirserver.registry import Registry
from fhirserver.workflows.occasion import Change, Elapsed, Occasion

__all__ = ["Change", "Elapsed", "Occasion", "timer", "timers", "workflow", "workflows"]

Act = Callable[[Occasion], None]
ActOnAll = Callable[[Sequence[Occasion]], None]
Remind = Callable[[Elapsed], None]


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow: it is called after each committed change of these types, in order per resource.

    At least once: after a crash it is called again, so it makes things with `create_once`. It isn't
    called for Observations of a bulk load that are new and all of whose times lie further back
    than `looks_back`, nor for what is new and has a status outside `statuses`. `act_on_all` does
    what `act` does, for changes of several resources at once; when it raises, each goes by itself.
    """

    name: str
    types: frozenset[str]
    act: Act
    looks_back: timedelta | None = None
    statuses: frozenset[str] | None = None
    act_on_all: ActOnAll | None = None


workflows: Final[Registry[Workflow]] = Registry("workflow")
timers: Final[Registry[Remind]] = Registry("timer")


def workflow(
    name: str,
    *,
    types: tuple[str, ...],
    looks_back: timedelta | None = None,
    statuses: frozenset[str] | None = None,
    act_on_all: ActOnAll | None = None,
) -> Callable[[Act], Act]:
    """Let the decorated function be called for every change of these types; see Workflow."""

    def add(act: Act) -> Act:
        made = Workflow(name, frozenset(types), act, looks_back, statuses, act_on_all)
        workflows.register(name)(made)
        return act

    return add


def timer(name: str) -> Callable[[Remind], Remind]:
    """Let the decorated function be called when a timer of this name has run out."""
    return timers.register(name)
