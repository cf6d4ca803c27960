"""How a function of this package finishes resources of a type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hl7v2_gateway.mapping.drafts import Draft

Finish = Callable[[Draft], None]
finishers: Final[dict[str, Finish]] = {}


def finishes(*types: str) -> Callable[[Finish], Finish]:
    """Let the decorated function finish drafts of these types."""

    def add(finish: Finish) -> Finish:
        finishers.update(dict.fromkeys(types, finish))
        return finish

    return add
