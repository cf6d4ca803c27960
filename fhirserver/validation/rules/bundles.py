"""Bundles: fullUrls, links, what a document holds together, references between entries.

https://hl7.org/fhir/R4/bundle.html, https://hl7.org/fhir/R4/documents.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fhirserver.model import definitions
from fhirserver.validation.bundled import entry_of
from fhirserver.validation.node import Node
from fhirserver.validation.rule import always, rule
from fhirserver.validation.run import Run

_RESTFUL: Final = re.compile(r"https?://.+/([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
# What needs no fullUrl: who asks may not know it yet, and an answer's location says it.
_WITHOUT_URLS: Final = frozenset({"transaction", "batch", "transaction-response", "batch-response"})
_PAGING: Final = frozenset({"self", "first", "previous", "prev", "next", "last"})
_OF_SEARCHES: Final = _PAGING - {"self"}
# https://hl7.org/fhir/R4/documents.html#content
_OF_DOCUMENTS: Final = frozenset(
    {
        "Composition.subject",
        "Composition.encounter",
        "Composition.author",
        "Composition.attester.party",
        "Composition.custodian",
        "Composition.event.detail",
        "Composition.section.author",
        "Composition.section.focus",
        "Composition.section.entry",
    }
)


@rule("Bundle")
def bundle(run: Run, node: Node) -> None:
    """A Bundle's entries and links."""
    kind = node.text("type") or ""
    for entry in node.named("entry"):
        _full_url(run, entry, kind)
    _links(run, node, kind)
    if kind == "document" and node is run.top:
        _document(run, node)
    if kind == "message" and node is run.top:
        _message(run, node)


def _full_url(run: Run, entry: Node, kind: str) -> None:
    resource = entry.first("resource")
    url = entry.text("fullUrl")
    if resource is None:
        return
    if url is None:
        # What a search says of itself is nowhere else: it may have no address.
        search = entry.first("search")
        is_said = search is not None and search.text("mode") == "outcome"
        if kind not in _WITHOUT_URLS and not is_said:
            text = f"an entry of a Bundle of type {kind} needs a fullUrl" if kind else ""
            run.error("required", text or "an entry needs a fullUrl", entry)
        return
    if not _SCHEME.match(url):
        run.error("invalid", "the fullUrl must be absolute: urn:uuid:... or https://...", entry)
        return
    found = _RESTFUL.fullmatch(url)
    id_ = resource.text("id")
    if found is None or kind in _WITHOUT_URLS:
        return
    if found[1] == resource.type and id_ is None and kind != "document":
        return
    if definitions.load().is_resource(found[1]) and (found[1], found[2]) != (resource.type, id_):
        text = "the fullUrl is one of a FHIR server, so it must end with the resource's type and id"
        run.error("invalid", text, entry)


def _links(run: Run, node: Node, kind: str) -> None:
    seen: set[str] = set()
    for link in node.named("link"):
        relation = link.text("relation") or ""
        if relation in _PAGING and relation in seen:
            run.error("invalid", f"there must be one link {relation} only", link)
        seen.add(relation)
        if relation in _OF_SEARCHES and kind not in {"searchset", "history"}:
            text = f"a link {relation} belongs to searches and histories only"
            run.error("invalid", text, f"{link.path}.relation")
        url = link.text("url") or ""
        is_inside = not _SCHEME.match(url) and kind == "document"
        if relation == "stylesheet" and is_inside and _stylesheet(run, node, url) is None:
            run.error("not-found", "this style sheet isn't in the document", f"{link.path}.url")


def _stylesheet(run: Run, bundle_: Node, url: str) -> Node | None:
    for entry in bundle_.named("entry"):
        full_url = entry.text("fullUrl") or ""
        if full_url == url or full_url.endswith(f"/{url}"):
            return entry.first("resource")
    return None


def _document(run: Run, node: Node) -> None:
    entries = [e for e in node.named("entry") if e.first("resource") is not None]
    if not entries:
        return
    composition = entries[0].first("resource")
    if composition is None or composition.type != "Composition":
        return
    for reference in _references(composition):
        path = reference.property.element.path if reference.property is not None else ""
        text = reference.text("reference")
        is_part = path in _OF_DOCUMENTS and text is not None and not text.startswith("#")
        if is_part and text is not None and len(run.entries.matches(text, reference)) != 1:
            run.error(
                "not-found",
                "what this refers to isn't in the document once: one entry needs this fullUrl",
                reference,
            )
    reached = _reached(run, entries)
    for entry in entries:
        if id(entry) not in reached and not _is_style(run, node, entry):
            run.error(
                "invalid",
                "nothing leads from the Composition to this entry: refer to it, or leave it out",
                entry,
            )


def _message(run: Run, node: Node) -> None:
    """What a message is about is in it. https://hl7.org/fhir/R4/messageheader.html"""
    entry = node.first("entry")
    header = entry.first("resource") if entry is not None else None
    if header is None or header.type != "MessageHeader":
        return
    for focus in header.named("focus"):
        text = focus.text("reference")
        if text is not None and not text.startswith("#") and not run.entries.matches(text, focus):
            run.error("not-found", "what the message is about isn't among its entries", focus)


def _reached(run: Run, entries: list[Node]) -> set[int]:
    """The entries that references lead to from the Composition, or from which they lead back."""
    beside: dict[int, set[int]] = {id(e): set() for e in entries}
    for entry in entries:
        resource = entry.first("resource")
        for reference in _references(resource) if resource is not None else ():
            for target in run.entries.matches(reference.text("reference") or "", reference):
                other = entry_of(target)
                if other is not None and id(other) in beside:
                    beside[id(entry)].add(id(other))
                    beside[id(other)].add(id(entry))
    reached = {id(entries[0])}
    waiting = [id(entries[0])]
    while waiting:
        more = beside[waiting.pop()] - reached
        reached |= more
        waiting += more
    return reached


def _is_style(run: Run, bundle_: Node, entry: Node) -> bool:
    urls = [
        link.text("url") or ""
        for link in bundle_.named("link")
        if link.text("relation") == "stylesheet"
    ]
    found = [_stylesheet(run, bundle_, url) for url in urls]
    return any(f is not None and entry_of(f) is entry for f in found)


def _references(node: Node) -> Iterator[Node]:
    return (n for n in node.everything() if n.type == "Reference")


@rule("Reference", when=always(lambda run, _value: run.is_bundle))
def in_a_bundle(run: Run, node: Node) -> None:
    """A reference between entries leads to one of them."""
    text = node.text("reference")
    if not run.entries.is_bundle or text is None or text.startswith("#"):
        return
    if run.top.text("type") != "history" and len(run.entries.matches(text, node)) > 1:
        run.error("multiple-matches", "several entries have the address of this reference", node)
        return
    wrong = run.entries.of_another_type(text)
    if wrong is not None and not run.entries.matches(text, node):
        run.error("invalid", f"the entry with this id is a resource of type {wrong.type}", node)
