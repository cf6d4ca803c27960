"""The `div` of a narrative: the bytes that were sent, not a tree written anew.

https://hl7.org/fhir/R4/narrative.html#xhtml
"""

from __future__ import annotations

import re
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from fhirserver.model.xml.shapes import XHTML

XML: Final = "http://www.w3.org/XML/1998/namespace"

_TAG: Final = re.compile(rb"""<(?:[^>"']|"[^"]*"|'[^']*')*>""")
_DECLARES: Final = re.compile(rb"""\sxmlns\s*=\s*["']http://www\.w3\.org/1999/xhtml["']""")


class Namespaces:
    """The prefixes that are declared where the reader stands."""

    def __init__(self) -> None:
        self._declared: dict[str | None, list[str]] = {}

    def open(self, prefix: str | None, uri: str) -> None:
        self._declared.setdefault(prefix, []).append(uri or "")

    def close(self, prefix: str | None) -> None:
        self._declared[prefix].pop()

    def in_force(self) -> dict[str | None, str]:
        return {prefix: uris[-1] for prefix, uris in self._declared.items() if uris}


def div_text(body: bytes, start: int, end: int, namespaces: Namespaces | None) -> str:
    """The text of a `div` whose start tag begins at `start` and whose end tag at `end`.

    It has to stand alone in JSON: where it relies on what is declared around it (`namespaces` is
    given when it has prefixes), it is written anew.
    """
    tag = _TAG.match(body, start)
    assert tag is not None
    close = tag.end() if tag[0].endswith(b"/>") else body.index(b">", end) + 1
    text = body[start:close].decode()
    if namespaces is not None:
        return _alone(text, namespaces.in_force())
    if _DECLARES.search(tag[0]) is None:
        return f'<div xmlns="{XHTML}"{text[len("<div") :]}'
    return text


def _alone(text: str, declared: dict[str | None, str]) -> str:
    """The same elements, those of XHTML without a prefix; comments are left out."""
    around = "".join(
        f" xmlns{':' + prefix if prefix else ''}={quoteattr(uri)}"
        for prefix, uri in declared.items()
        if prefix != "xml"
    )
    out: list[str] = []
    parser = expat.ParserCreate("utf-8", " ")
    parser.namespace_prefixes = True
    parser.ordered_attributes = True
    open_: list[str] = []

    def start(name: str, attributes: list[str]) -> None:
        tag, declarations = _element(name, is_outermost=len(open_) == 1)
        open_.append(tag)
        if len(open_) == 1:
            return
        parts = [tag, *declarations]
        for key, value in zip(attributes[::2], attributes[1::2], strict=True):
            written, more = _attribute(key)
            parts += [*more, f"{written}={quoteattr(value)}"]
        out.append(f"<{' '.join(dict.fromkeys(parts))}>")

    def end(name: str) -> None:
        tag = open_.pop()
        if open_:
            out.append(f"</{tag}>")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = lambda data: out.append(escape(data))
    parser.Parse(f"<around{around}>{text}</around>".encode(), True)
    return "".join(out)


def _split(name: str) -> tuple[str, str, str]:
    """Namespace, local name and prefix of a name as Expat reports it."""
    parts = name.split(" ")
    return ("", name, "") if len(parts) == 1 else (parts[0], parts[1], "".join(parts[2:]))


def _element(name: str, *, is_outermost: bool) -> tuple[str, list[str]]:
    """How an element is written, and what it declares."""
    uri, local, _ = _split(name)
    if uri == XHTML:
        return local, [f'xmlns="{XHTML}"'] if is_outermost else []
    return local, [f"xmlns={quoteattr(uri)}"]


def _attribute(name: str) -> tuple[str, list[str]]:
    uri, local, prefix = _split(name)
    if not uri or uri == XML:
        return f"xml:{local}" if uri else local, []
    return f"{prefix}:{local}", [f"xmlns:{prefix}={quoteattr(uri)}"]


def stands_alone(text: str) -> bool:
    """Whether a text from JSON is one well-formed `div` of XHTML, safe to put into XML as it is."""
    parser = expat.ParserCreate("utf-8", " ")
    roots: list[str] = []

    def remember_root(name: str, attributes: dict[str, str]) -> None:
        roots.append(name)
        parser.StartElementHandler = None

    def refuse(*_: object) -> None:
        raise ValueError

    parser.StartElementHandler = remember_root
    parser.StartDoctypeDeclHandler = refuse
    # The declaration of XML may stand only at the start of a document.
    parser.XmlDeclHandler = refuse
    try:
        parser.Parse(text.encode(), True)
    except (expat.ExpatError, ValueError):
        return False
    return roots == [f"{XHTML} div"]
