"""What is wrong with a query, and where in its text.

https://hl7.org/fhir/R4/graphql.html#errors
"""

from __future__ import annotations

from typing import Any

from graphql.language import Node, get_location

from fhirserver.errors import FhirError, Invalid, Issue


def wrong(text: str, node: Node | None, kind: type[FhirError] = Invalid) -> FhirError:
    """An error about a part of the query, with its line and column."""
    line, column = _place(node)
    return kind(issues=[Issue("error", kind.code, text, line=line, column=column)])


def short(text: Any) -> str:
    """What somebody wrote, quoted, and not longer than it takes to recognise it."""
    written = str(text)
    return repr(written if len(written) <= 60 else f"{written[:60]}…")


def _place(node: Node | None) -> tuple[int | None, int | None]:
    if node is None or node.loc is None:
        return None, None
    found = get_location(node.loc.source, node.loc.start)
    return found.line, found.column
