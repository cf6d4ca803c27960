"""What of a message went nowhere: every field and component that says something and no rule used.

Delimiters, versions and set ids are the message's own business; `overlay/structural.json` names
them with the reason.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping

from hl7v2_gateway.mapping.views import Repetition, View
from hl7v2_gateway.mapping.vocabulary import loaded


def unmapped(
    views: list[View], used: Mapping[tuple[int, int, int], frozenset[int]]
) -> Iterator[str]:
    """Positions, as `PID-3(2).9`; a field of which nothing was used is named as a whole."""
    structural = _structural()
    twins = _twins()
    last: dict[str, View] = {}
    count: dict[str, int] = {}
    for view in views:
        name = view.name
        last[name] = view
        count[name] = number = count.get(name, 0) + 1
        where = f"{name}[{number}]" if number > 1 else name
        own = structural.get(name, frozenset())
        for n, repetitions in enumerate(view.fields):
            if not repetitions or n in own:
                continue
            for i, repetition in enumerate(repetitions):
                if not repetition:
                    continue
                components = used.get((view.index, n, i))
                place = f"{where}-{n}" + (f"({i + 1})" if i else "")
                if components is None:
                    other = twins.get((name, n))
                    if other is None or not _says(last.get(other[0]), other[1], repetition):
                        yield place
                    continue
                if len(repetition.components) == 1:
                    continue
                for c, parts in enumerate(repetition.components, 1):
                    if c not in components and any(parts):
                        yield f"{place}.{c}"


def _says(view: View | None, number: int, repetition: Repetition) -> bool:
    """Whether another field says just the same."""
    if view is None:
        return False
    return any(r.components == repetition.components for r in view.field(number))


@functools.cache
def _twins() -> Mapping[tuple[str, int], tuple[str, int]]:
    """Fields that say again what another has said (`OBR-2`: `ORC-2`)."""
    found = {}
    for one, other in loaded("overlay", "structural")["twins"].items():
        (a, m), (b, n) = (text.split("-") for text in (one, other))
        found[a, int(m)] = (b, int(n))
    return found


@functools.cache
def _structural() -> Mapping[str, frozenset[int]]:
    fields: Mapping[str, Mapping[str, str]] = loaded("overlay", "structural")["fields"]
    return {segment: frozenset(int(n) for n in numbers) for segment, numbers in fields.items()}
