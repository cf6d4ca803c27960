"""What the parsing of one search goes by, and the limits that it keeps.

The limits keep one URL from becoming a statement that takes a second to plan.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from fhirserver.errors import Forbidden, Invalid, NotSupported, TooCostly
from fhirserver.search.parameters import Parameters, SearchParameter
from fhirserver.search.query import AnyElement, Condition, Or
from fhirserver.search.site import Site
from fhirserver.search.vocabulary import Vocabulary

MAX_VALUES: Final = 2_000
"""Alternatives, joined by commas, of one parameter."""
MAX_CHAIN: Final = 8
"""Steps of a chain, `_has` included."""
MAX_CONDITIONS: Final = 4_000
"""Conditions of one search, counting one for each type that a chain may pass through."""


Hidden = Callable[[str], frozenset[str]]


class Unknown(Invalid):
    """A parameter that the server doesn't know; lenient handling passes over it."""


@dataclass(slots=True)
class Scope:
    """The parameters and the site of one search, and how much of the limits is left."""

    parameters: Parameters
    site: Site
    vocabulary: Vocabulary | None = None
    conditions_left: int = field(default=MAX_CONDITIONS)
    hidden: Hidden = field(default=lambda _: frozenset())
    """The top-level elements of a type that the caller must not search by."""

    def spend(self) -> None:
        """Count one more condition."""
        self.conditions_left -= 1
        if self.conditions_left < 0:
            raise TooCostly(
                f"the search comes to more than {MAX_CONDITIONS} conditions: "
                "name the types in chains, as in subject:Patient.name"
            )

    def parameter(self, code: str, resource_type: str) -> SearchParameter:
        """A type's parameter; Unknown, with near names, when it has none of this code.

        NotSupported while the index of an added one isn't complete: it would find too little.
        """
        known = self.parameters.for_type(resource_type)
        found = known.get(code)
        if found is None:
            raise Unknown(
                f"{resource_type} has no search parameter {short(code)}{near(code, known)}"
            )
        hidden = self.hidden(resource_type)
        if hidden and _touches(found, hidden):
            raise Forbidden(f"you may not search {resource_type} by {code}")
        how_far = self.parameters.incomplete.get((resource_type, code))
        if how_far is not None:
            raise NotSupported(
                f"{resource_type}'s search parameter {code} can't be used yet: {how_far()}"
            )
        return found


def _touches(parameter: SearchParameter, hidden: frozenset[str]) -> bool:
    """Whether the values of a parameter may come from a hidden element."""
    if parameter.code in _OF_THE_WHOLE:
        return True
    if parameter.components:
        return any(_touches(c.parameter, hidden) for c in parameter.components)
    if parameter.paths is None:
        return True
    return any(not path.steps or path.steps[0].key in hidden for path in parameter.paths)


_OF_THE_WHOLE: Final = frozenset({"_content", "_text"})
"""They look at everything in a resource."""


def near(name: str, known: Iterable[str]) -> str:
    """A question that suggests names like this one, or nothing.

    >>> near("birth-date", ["birthdate", "gender"])
    ': did you mean birthdate?'
    """
    found = difflib.get_close_matches(name[:60], list(known), n=3)
    return f": did you mean {' or '.join(found)}?" if found else ""


def short(name: str) -> str:
    """A name from the client, as far as it is repeated in an error."""
    return name if len(name) <= 60 else f"{name[:60]}..."


def any_of(conditions: Sequence[Condition]) -> Condition:
    """One condition for alternatives; those on the row's array become one."""
    elements: dict[int, None] = {}
    others: dict[Condition, None] = {}
    for condition in conditions:
        if isinstance(condition, AnyElement):
            elements.update(dict.fromkeys(condition.elements))
        elif isinstance(condition, Or):
            others.update(dict.fromkeys(condition.conditions))
        else:
            others[condition] = None
    merged: list[Condition] = [AnyElement(tuple(elements))] if elements else []
    merged += others
    return merged[0] if len(merged) == 1 else Or(tuple(merged))
