"""Whether a narrative is XHTML: a well-formed `div` in its namespace.

Which elements and attributes it may have is the business of the invariants txt-1 and txt-2.

https://hl7.org/fhir/R4/narrative.html#xhtml
"""

from __future__ import annotations

from typing import Any, Final
from xml.parsers import expat

from fhirserver.validation.findings import Findings, one

XHTML: Final = "http://www.w3.org/1999/xhtml"

_NOT_A_STRING: Final = one("structure", "must be a JSON string that contains XHTML")
_NOT_A_DIV: Final = one("value", f'must be a div element of XHTML: <div xmlns="{XHTML}">')
_DECLARES: Final = one("value", "must not have a document type or a processing instruction")


def xhtml(value: Any) -> Findings:
    """A text that is one well-formed `div` of XHTML, without declarations."""
    if type(value) is not str:
        return _NOT_A_STRING
    text = value.strip()
    if not text.startswith("<div"):
        return _NOT_A_DIV
    # Without a document type there are no entities to expand, so parsing costs what it reads.
    if "<!DOCTYPE" in text or "<!ENTITY" in text or "<?" in text:
        return _DECLARES
    parser = expat.ParserCreate(namespace_separator=" ")
    roots: list[str] = []

    def remember_root(name: str, attributes: dict[str, str]) -> None:
        roots.append(name)
        parser.StartElementHandler = None

    parser.StartElementHandler = remember_root
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        return one("value", f"must be well-formed XHTML: {reason} (column {error.offset})")
    except UnicodeEncodeError:
        return one("value", "must not contain lone surrogates")
    return None if roots == [f"{XHTML} div"] else _NOT_A_DIV
