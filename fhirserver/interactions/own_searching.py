"""What the server itself has to know to carry something out, whoever asks for it.

Nothing of it goes into an answer: of what is found here, a caller learns no more than that a time
isn't free.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from fhirserver.interactions.context import Context
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.search.parse import parse
from fhirserver.storage.guard import WHOLE
from fhirserver.storage.search_sql.pages import Wanted
from fhirserver.storage.searches import find_page

_AT_ONCE = 1_000
_NAMES_AT_ONCE = 100


def all_matches(
    ctx: Context, resource_type: str, pairs: Sequence[tuple[str, str]]
) -> list[Resource]:
    """All that a search finds, whosever it is."""
    store = replace(ctx.store, guard=WHOLE)
    query = parse(resource_type, pairs, parameters=ctx.parameters, site=ctx.site)
    found: list[Resource] = []
    wanted = Wanted(_AT_ONCE)
    while True:
        page = find_page(store, query, wanted)
        found += [json.parse_object(v.content.encode()) for v in page.matches if v.content]
        if page.after is None:
            return found
        wanted = Wanted(_AT_ONCE, page.after, snapshot=page.snapshot)


def named(ctx: Context, references: Iterable[str]) -> dict[str, Resource]:
    """The resources of these references that are here, by reference."""
    by_type: dict[str, list[str]] = {}
    for reference in dict.fromkeys(references):
        kind, slash, id_ = reference.partition("/")
        if slash and ctx.definitions.is_resource(kind) and "/" not in id_:
            by_type.setdefault(kind, []).append(id_)
    found: dict[str, Resource] = {}
    for kind, ids in sorted(by_type.items()):
        for start in range(0, len(ids), _NAMES_AT_ONCE):
            some = ",".join(ids[start : start + _NAMES_AT_ONCE])
            found |= {f"{kind}/{r['id']}": r for r in all_matches(ctx, kind, [("_id", some)])}
    return found
