"""Links between the entries of a transaction become references by id, as do conditional references.

https://hl7.org/fhir/R4/http.html#trules, https://hl7.org/fhir/R4/bundle.html#references
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from fhirserver.errors import FhirError, Invalid
from fhirserver.interactions.intents import Done, Intent, changed
from fhirserver.model.references import references, rewrite
from fhirserver.model.resource import Resource

Addresses = Mapping[str, str]
"""The references by id (`Patient/1`) by the fullUrl of the entries that they are to."""

_RESTFUL: Final = re.compile(r"(https?://\S+/)[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")


def addresses(intents: Sequence[Intent], settled: Sequence[Intent | Done]) -> Addresses:
    """Where the entries of a transaction will be. Raises Invalid when two have one fullUrl."""
    found: dict[str, str] = {}
    for wanted, item in zip(intents, settled, strict=True):
        if wanted.full_url is None or item.id is None:
            continue
        if wanted.full_url in found:
            # A link to it could mean either.
            place = wanted.place.removesuffix(".resource") + ".fullUrl"
            raise Invalid("another entry has the same fullUrl", expression=place)
        found[wanted.full_url] = f"{item.type}/{item.id}"
    return found


def linked(resource: Resource, full_url: str | None, known: Addresses) -> Resource:
    """The resource of the entry with this fullUrl, its links to other entries rewritten.

    A relative reference is looked up below the root of the entry's own fullUrl.
    https://hl7.org/fhir/R4/bundle.html#references
    """
    return linked_with_conditions(resource, full_url, known, lambda _: False)[0]


def linked_with_conditions(
    resource: Resource, full_url: str | None, known: Addresses, is_type: Callable[[str], bool]
) -> tuple[Resource, bool]:
    """The same, and whether the resource has conditional references: one walk finds both."""
    restful = _RESTFUL.fullmatch(full_url or "")
    root = restful[1] if restful else None
    has_conditions = False

    def resolve(link: str) -> str | None:
        nonlocal has_conditions
        if "?" in link and is_conditional(link, is_type):
            has_conditions = True
        found = known.get(link)
        if found is not None:
            return found
        if root is None and "/_history/" not in link:
            # As most: the address of a code system.
            return None
        address, versioned, version = link.partition("/_history/")
        found = known.get(address)
        if found is None and root is not None:
            found = known.get(root + address)
        # A reference to a version stays one.
        return f"{found}{versioned}{version}" if found is not None else None

    return rewrite(resource, resolve), has_conditions


def is_conditional(text: str, is_type: Callable[[str], bool]) -> bool:
    """Whether the text of a reference is a search, such as `Patient?identifier=1`."""
    resource_type, mark, _ = text.partition("?")
    return mark != "" and is_type(resource_type)


def with_conditions_met(
    intent: Intent, is_type: Callable[[str], bool], find: Callable[[str], str]
) -> Intent:
    """The intent with `find`'s reference in the place of each conditional reference.

    Errors of `find` get the place of the reference.
    """
    resource = intent.resource or {}
    found: dict[str, str] = {}
    for reference in references(resource):
        if is_conditional(reference.text, is_type) and reference.text not in found:
            try:
                found[reference.text] = find(reference.text)
            except FhirError as error:
                issues = [replace(i, expression=reference.expression) for i in error.issues]
                raise type(error)(issues=issues) from error
    return changed(intent, resource=rewrite(resource, found.get))
