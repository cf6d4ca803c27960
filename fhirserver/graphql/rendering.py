"""What a query found, in the form that it asks for.

https://hl7.org/fhir/R4/graphql.html#flattening
"""

from __future__ import annotations

from typing import Any

from fhirserver.graphql.fields import Kind, Selected
from fhirserver.graphql.mistakes import short, wrong
from fhirserver.graphql.walking import Found


def render(found: Found, *, with_nulls: bool = False) -> dict[str, Any]:
    """The data of the answer.

    What an object doesn't have is left out, as in FHIR's examples; or it is null, as GraphQL's own
    specification says.
    """
    answer = _Answer(with_nulls=with_nulls)
    answer.add(found, "", in_list=False)
    return answer.values


class _Answer:
    """An object of the answer: flattened fields put what is in them here, too."""

    def __init__(self, *, with_nulls: bool) -> None:
        self.values: dict[str, Any] = {}
        self._with_nulls = with_nulls
        self._types: dict[str, str | None] = {}

    def add(self, found: Found, suffix: str, *, in_list: bool) -> None:
        for selected, items in found.fields:
            wanted = selected.directives
            is_list = in_list or (selected.is_list and not wanted.first)
            for item in items:
                label = suffix + item.label
                if wanted.flatten:
                    self.add(item.value, label, in_list=is_list)
                    continue
                value = item.value
                if isinstance(value, Found):
                    value = render(value, with_nulls=self._with_nulls)
                self._put(selected, selected.key + label, value, is_list=is_list)
            is_plain = not (wanted.flatten or wanted.slice or suffix or in_list)
            if items or not is_plain:
                continue
            if selected.is_list and selected.kind in {Kind.LIST, Kind.PART}:
                # Nothing was found, which is something else than not being there.
                self.values.setdefault(selected.key, [])
            elif self._with_nulls:
                self.values.setdefault(selected.key, None)

    def _put(self, selected: Selected, name: str, value: Any, *, is_list: bool) -> None:
        code = selected.property.type_code if selected.property else selected.name
        if self._types.setdefault(name, code) != code:
            raise wrong(
                f"{short(name)} would have values of different types: give one another name",
                selected.node,
            )
        if is_list and not selected.directives.singleton:
            self.values.setdefault(name, []).append(value)
        elif self.values.get(name) is not None:
            raise wrong(f"{short(name)} has more than one value", selected.node)
        else:
            self.values[name] = value
