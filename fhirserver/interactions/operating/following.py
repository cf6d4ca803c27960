"""What resources refer to, and what that refers to: found for many resources at a time.

References are found in the text by a pattern: a page is a thousand resources, and parsing them
takes ten times as long.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from fhirserver.errors import TooCostly
from fhirserver.interactions.context import Context
from fhirserver.storage.rows import Version
from fhirserver.storage.walks import of_owner

Name = tuple[str, str]
"""A resource's type and id."""

ROUNDS: Final = 3
"""How far references are followed: from a role to its organization to what that is a part of."""

# References, and the addresses of attachments. Quotes inside a string have a backslash before them.
_LINK: Final = re.compile(
    r'(?<!\\)"(?:reference|url)"\s*:\s*"([^"\\]*?)([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})'
    r'(?:/_history/[^"\\]*)?"'
)


def followed(
    ctx: Context,
    start: Sequence[Version],
    owner: int | None,
    *,
    leave_out: Callable[[Name], bool] = lambda _: False,
) -> list[Version]:
    """What the given resources refer to, three steps far; each once, and none that is given.

    What belongs to another patient than the `owner` is never followed to; that of nobody is. One
    statement for each step.
    """
    seen = {(v.type, v.id) for v in start}
    found: list[Version] = []
    frontier = start
    for _ in range(ROUNDS):
        named = {n for v in frontier for n in links(ctx, v)} - seen
        named = {n for n in named if not leave_out(n)}
        if not named:
            break
        seen |= named
        limit = ctx.settings.max_includes + 1 - len(found)
        frontier = of_owner(ctx.store, named, owner, limit=limit)
        found += frontier
        if len(found) > ctx.settings.max_includes:
            raise TooCostly(
                f"more than {ctx.settings.max_includes} other resources are referred to: "
                "ask for less at once"
            )
    return found


def links(ctx: Context, version: Version) -> Iterable[Name]:
    """The resources on this server that a resource refers to."""
    base = f"{ctx.settings.fhir_base}/"
    for where, resource_type, resource_id in _LINK.findall(version.content or ""):
        if where in {"", base} and ctx.definitions.is_resource(resource_type):
            yield resource_type, resource_id
