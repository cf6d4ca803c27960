"""Narratives: something to read in them, and links that lead somewhere.

https://hl7.org/fhir/R4/narrative.html
"""

from __future__ import annotations

import re
from typing import Final
from xml.parsers import expat

from fhirserver.validation.narrative import EMPTY, content
from fhirserver.validation.node import Node
from fhirserver.validation.rule import rule
from fhirserver.validation.run import Run

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel", "ftp", "ftps", "data", "cid", "sms"})


@rule("xhtml")
def narrative(run: Run, node: Node) -> None:
    """txt-2, and where the links lead."""
    if content(node.value) is EMPTY:
        run.error("invariant", EMPTY[0].text, node)
    if not isinstance(node.value, str):
        return
    anchors, links = _anchors_and_links(node.value)
    if any(link.startswith("#") for link in links):
        anchors |= _ids(node.root)
    for link in links:
        scheme = _SCHEME.match(link)
        if scheme is not None and scheme[1].lower() not in _SCHEMES:
            text = f"has a link with the scheme {scheme[1].lower()[:20]}, which can't be followed"
            run.error("invalid", text, node)
        elif link.startswith("#") and link != "#" and link[1:] not in anchors:
            # In a Bundle it may lead to the narrative of another entry, if all are shown together.
            text = "has a link to an id (#...) that nothing in the resource has"
            run.report(run.options.dangling_link, "invalid", text, node)


def _ids(root: Node) -> set[str]:
    """The ids of a resource's elements and of what it contains."""
    found: set[str] = set()
    for node in root.everything():
        holder = node.extra if node.is_primitive else node.value
        if isinstance(holder, dict) and isinstance(holder.get("id"), str):
            found.add(holder["id"])
    return found


def _anchors_and_links(text: str) -> tuple[set[str], list[str]]:
    anchors: set[str] = set()
    links: list[str] = []
    parser = expat.ParserCreate()

    def element(name: str, attributes: dict[str, str]) -> None:
        anchors.update(attributes[a] for a in ("id", "name") if a in attributes)
        if name == "a" and "href" in attributes:
            links.append(attributes["href"].strip())

    parser.StartElementHandler = element
    if "<!" in text or "<?" in text:
        return anchors, links
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError:
        return set(), []
    return anchors, links
