"""Whether a narrative is the XHTML that FHIR allows: formatting, links and images, and no more.

This is what the invariants txt-1 and txt-2 mean by htmlChecks().

https://hl7.org/fhir/R4/narrative.html#xhtml
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from xml.parsers import expat

from fhirserver.validation.findings import Findings, one

XHTML: Final = "http://www.w3.org/1999/xhtml"

# Chapters 7 to 11 and 15 of HTML 4.0, which the standard names: https://www.w3.org/TR/html4/
_FORMATTING: Final = (
    "div p br hr h1 h2 h3 h4 h5 h6 address span bdo"
    " em strong dfn code samp kbd var cite abbr acronym blockquote q sub sup pre ins del"
    " ul ol li dl dt dd table caption thead tfoot tbody colgroup col tr th td"
    " a img map area tt i b big small u s strike center font"
)
ELEMENTS: Final = frozenset(_FORMATTING.split())
_EVERYWHERE: Final = frozenset(
    {"id", "class", "style", "title", "lang", "dir", "xml:lang", "xml:space"}
)
_CELLS: Final = "align char charoff valign bgcolor width height"
_ATTRIBUTES: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(attributes.split())
    for name, attributes in {
        "a": "href name hreflang charset type rel rev shape coords tabindex accesskey target",
        "area": "href shape coords nohref alt tabindex accesskey target",
        "blockquote": "cite",
        "br": "clear",
        "caption": "align",
        "col": f"span {_CELLS}",
        "colgroup": f"span {_CELLS}",
        "del": "cite datetime",
        "div": "align",
        "dl": "compact",
        "font": "size color face",
        "h1": "align",
        "h2": "align",
        "h3": "align",
        "h4": "align",
        "h5": "align",
        "h6": "align",
        "hr": "align noshade size width",
        "img": "src alt longdesc height width usemap ismap border align hspace vspace name",
        "ins": "cite datetime",
        "li": "type value",
        "map": "name",
        "ol": "type start compact",
        "p": "align",
        "pre": "width",
        "q": "cite",
        "table": "summary width border frame rules cellspacing cellpadding align bgcolor",
        "tbody": _CELLS,
        "td": f"abbr axis headers scope rowspan colspan nowrap {_CELLS}",
        "tfoot": _CELLS,
        "th": f"abbr axis headers scope rowspan colspan nowrap {_CELLS}",
        "thead": _CELLS,
        "tr": _CELLS,
        "ul": "type compact",
    }.items()
}
_LINKS: Final = frozenset({"href", "src", "cite", "longdesc"})
_NO_ATTRIBUTES: Final[frozenset[str]] = frozenset()

# What a browser would run, with the white space and control characters that it overlooks.
_ACTIVE: Final = re.compile(
    r"[\x00-\x20]*(?:(?:j\s*a\s*v\s*a|v\s*b)\s*s\s*c\s*r\s*i\s*p\s*t|data)\s*:", re.IGNORECASE
)
_IMAGE_DATA: Final = re.compile(r"\s*data:\s*image/(?:png|jpe?g|gif|bmp|webp)[;,]", re.IGNORECASE)
# CSS that runs something, or loads it from elsewhere, which tells whoever is there that the record
# was opened. A backslash hides what follows. https://hl7.org/fhir/R4/narrative.html#css
_ACTIVE_STYLE: Final = re.compile(
    r"javascript\s*:|expression\s*\(|behaviou?r\s*:|@import|\\"
    r"|url\s*\(\s*[\"']?\s*(?!data:\s*image/(?:png|jpe?g|gif|bmp|webp)[;,])(?:[a-z][a-z0-9+.\-]*:|//)",
    re.IGNORECASE,
)

_NOT_A_STRING: Final = one("structure", "must be a JSON string that contains XHTML")
_NOT_A_DIV: Final = one("value", f'must be a div element of XHTML: <div xmlns="{XHTML}">')
_DECLARES: Final = one("value", "must not have a document type or a processing instruction")
EMPTY: Final = one("invariant", "txt-2: must have some text, or an image")
_ELEMENT: Final = "txt-1: must have only the elements that FHIR allows in a narrative"
_ATTRIBUTE: Final = "txt-1: must have only the attributes that FHIR allows in a narrative"
_LINK: Final = "txt-1: must not have a link that runs something"


def xhtml(value: Any) -> Findings:
    """A text that is one well-formed `div` of what is allowed, however little it says.

    HL7's own examples have narratives without any text, so an empty one is stored.
    """
    found = content(value)
    return None if found is EMPTY else found


def content(value: Any) -> Findings:
    """The same with something to see in it: txt-2."""
    if type(value) is not str:
        return _NOT_A_STRING
    text = value.strip()
    if not text.startswith("<div"):
        return _NOT_A_DIV
    # Without a document type there are no entities to expand, so parsing costs what it reads.
    if "<!DOCTYPE" in text or "<!ENTITY" in text or "<?" in text:
        return _DECLARES
    reader = _Reader()
    try:
        reader.parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        return one("value", f"must be well-formed XHTML: {reason} (column {error.offset})")
    except UnicodeEncodeError:
        return one("value", "must not contain lone surrogates")
    if reader.root != f"{XHTML} div":
        return _NOT_A_DIV
    if reader.wrong is not None:
        return one("invariant", reader.wrong)
    return None if reader.has_content else EMPTY


class _Reader:
    """Remembers the first thing that is wrong."""

    __slots__ = ("has_content", "parser", "root", "wrong")

    def __init__(self) -> None:
        self.root: str | None = None
        self.wrong: str | None = None
        self.has_content = False
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._element
        self.parser.CharacterDataHandler = self._text

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        if self.root is None:
            self.root = name
        namespace, _, local = name.rpartition(" ")
        if namespace != XHTML or local not in ELEMENTS:
            self.wrong = self.wrong or _named(_ELEMENT, local)
            return
        if local == "img":
            self.has_content = True
        if attributes:
            self.wrong = self.wrong or _wrong_attribute(local, attributes)

    def _text(self, text: str) -> None:
        if not self.has_content and not text.isspace():
            self.has_content = True
            self.parser.CharacterDataHandler = None


def _wrong_attribute(element: str, attributes: dict[str, str]) -> str | None:
    allowed = _ATTRIBUTES.get(element, _NO_ATTRIBUTES)
    for name, value in attributes.items():
        name = name.replace("http://www.w3.org/XML/1998/namespace ", "xml:")
        if name == "style":
            if _ACTIVE_STYLE.search(value):
                return _LINK
        elif name not in _EVERYWHERE and name not in allowed:
            return _named(_ATTRIBUTE, f"{element}/@{name}")
        elif name in _LINKS and _runs(element, value):
            return _LINK
    return None


def _runs(element: str, link: str) -> bool:
    is_image = element == "img" and _IMAGE_DATA.match(link) is not None
    return not is_image and _ACTIVE.match(link) is not None


_KNOWN: Final = re.compile(r"[a-z0-9]{1,12}(?:/@[a-z]{1,16})?")
_OTHER_MARKUP: Final = (
    "script style iframe object embed form input button link meta html head body svg math video"
    " audio applet frame base title"
)
_MARKUP: Final = ELEMENTS | frozenset(_OTHER_MARKUP.split())


def _named(text: str, name: str) -> str:
    """The text with the name, if it is markup and can't be anything of a patient's."""
    element, _, attribute = name.partition("/@")
    is_markup = element in _MARKUP
    is_handler = not attribute or attribute.startswith(("on", "data", "form", "align", "type"))
    if is_markup and is_handler and _KNOWN.fullmatch(name):
        return f"{text}, not {name}"
    return text
