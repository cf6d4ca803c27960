"""What of a message went nowhere: every field and component that says something and no rule used.

Delimiters, versions and set ids are the message's own business; `overlay/structural.json` names
them with the reason.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping

from hl7v2_gateway.mapping.views import View
from hl7v2_gateway.mapping.vocabulary import loaded


def unmapped(
    views: list[View], used: Mapping[tuple[int, int, int], frozenset[int]]
) -> Iterator[str]:
    """Positions, as `PID-3(2).9`; a field of which nothing was used is named as a whole."""
    structural = _structural()
    count: dict[str, int] = {}
    for view in views:
        name = view.name
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
                    yield place
                    continue
                if len(repetition.components) == 1:
                    continue
                for c, parts in enumerate(repetition.components, 1):
                    if c not in components and any(parts):
                        yield f"{place}.{c}"


@functools.cache
def _structural() -> Mapping[str, frozenset[int]]:
    fields: Mapping[str, Mapping[str, str]] = loaded("overlay", "structural")["fields"]
    return {segment: frozenset(int(n) for n in numbers) for segment, numbers in fields.items()}
