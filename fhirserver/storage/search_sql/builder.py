"""SQL under construction: text with named parameters, and names for the tables it reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from fhirserver.errors import TooCostly
from fhirserver.storage.guard import See
from fhirserver.storage.schema import OrderedTable, ordered, table
from fhirserver.storage.versions import array

# Planning a statement takes time that grows with the square of the tables it joins.
MOST_JOINED: Final = 60


class Builder:
    """Collects the parameters of one statement and hands out table aliases.

    `see` is what the rows of a type must meet to be there for the caller: `conditions.where` puts
    it into every predicate. `is_settled`: care relationships made in this transaction don't count.
    `is_single`: the statement looks at one row.
    `shadows` names stand-ins for tables of the searched type: the pages of a search that began
    earlier also look at the versions of that time. The other types are always read as they are.
    """

    def __init__(
        self,
        see: See,
        shadows: Mapping[str, str] | None = None,
        *,
        types: int = 1,
        is_settled: bool = False,
        is_single: bool = False,
    ) -> None:
        self.see = see
        self.is_single = is_single
        self.is_settled = is_settled
        # Whether the predicate under construction is about an old version, which has no `self`.
        self.is_past = False
        self.parameters: dict[str, Any] = {}
        self._placeholders: dict[tuple[object, ...], str] = {}
        self._aliases = 0
        self._most_aliases = MOST_JOINED * types
        self._shadows = shadows or {}

    def bind(self, value: object, cast: str = "") -> str:
        """The placeholder of a value, with a cast when PostgreSQL needs to know its type.

        A value that several conditions need is sent once.
        """
        same = (cast, type(value), tuple(value) if isinstance(value, list) else value)
        placeholder = self._placeholders.get(same)
        if placeholder is None:
            name = f"p{len(self.parameters)}"
            self.parameters[name] = value
            placeholder = f"%({name})s::{cast}" if cast else f"%({name})s"
            self._placeholders[same] = placeholder
        return placeholder

    def bind_array(self, numbers: Iterable[int]) -> str:
        return self.bind(array(numbers), "int8[]")

    def alias(self, prefix: str) -> str:
        self._aliases += 1
        if self._aliases > self._most_aliases:
            raise TooCostly(
                "the search combines too many conditions on dates, numbers, texts or other "
                "resources: ask in several searches"
            )
        return f"{prefix}{self._aliases}"

    def resource(self, resource_type: str, *, base: bool) -> str:
        """The table of current versions; `base` for the type that is searched for."""
        if base and "resource" in self._shadows:
            return self._shadows["resource"]
        return table("resource", resource_type)

    def ordered(self, kind: OrderedTable, resource_type: str, *, base: bool) -> str:
        if base and kind in self._shadows:
            return self._shadows[kind]
        return ordered(kind, resource_type)
