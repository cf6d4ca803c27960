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
    for link in links:
        scheme = _SCHEME.match(link)
        if scheme is not None and scheme[1].lower() not in _SCHEMES:
            text = f"has a link with the scheme {scheme[1].lower()[:20]}, which can't be followed"
            run.error("invalid", text, node)
        elif link.startswith("#") and not _leads_somewhere(link[1:], anchors, node):
            # In a Bundle it may lead to the narrative of another entry, if all are shown together.
            text = "has a link within the resource that leads nowhere"
            run.report(run.options.dangling_link, "invalid", text, node)


def _leads_somewhere(target: str, anchors: set[str], node: Node) -> bool:
    if not target or target in anchors:
        return True
    root = node.root
    if any(c.value.get("id") == target for c in root.named("contained")):
        return True
    return any(
        (n.extra if n.is_primitive else n.value).get("id") == target
        for n in root.everything()
        if isinstance(n.extra if n.is_primitive else n.value, dict)
    )


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
