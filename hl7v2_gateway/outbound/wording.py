"""What a message said otherwise than a FHIR element would say it, kept beside the element.

HL7 v2's data types have components that FHIR's have no place for (XON.2, XTN.3, the version of a
local code), and several spellings of what FHIR has one for. When a field is converted, the element
is written back at once; each component that wouldn't come back as it was sent is noted in an
extension of the element: which component, what was sent, what would stand there instead.

The element stays the master: a note counts only as long as the element still says what it said
when the note was made. Who changes a telephone number doesn't get the old one sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from fhirserver.model.resource import Resource
from hl7v2_gateway.outbound.segments import Component, Repetition

AS_SENT: Final = "https://fhirserver.example/StructureDefinition/hl7v2-as-sent"
_SAME: Final[Mapping[str, str]] = {"CE": "CWE", "CNE": "CWE", "CF": "CWE", "IS": "CWE", "ID": "CWE"}
"""Data types of which one took the place of the other."""
_NULL: Final = '""'


def family(data_type: str) -> str:
    """The data type by which components are named.

    >>> family("CE"), family("XPN")
    ('CWE', 'XPN')
    """
    return _SAME.get(data_type, data_type)


def notes(data_type: str, sent: Repetition, written: Repetition | None) -> list[Resource]:
    """A note for each component that would be written otherwise than it was sent.

    >>> found = notes("XON", (("Lab",), ("L",)), (("Lab",),))
    >>> [part["valueString"] for part in found[0]["extension"]]
    ['XON.2', 'L']
    """
    there = {} if written is None else dict(_texts(written))
    return [
        _note(f"{family(data_type)}.{place}", text, there.get(place, ""))
        for place, text in _texts(sent)
        if text != _NULL and not _same(text, there.get(place, ""))
    ]


def as_sent(data_type: str, written: Repetition | None, extensions: Iterable[Any]) -> Repetition:
    """What was written, in the words of the notes that still hold."""
    found: Repetition = written or ()
    for extension in extensions:
        if extension.get("url") != AS_SENT:
            continue
        parts = {p["url"]: p.get("valueString", "") for p in extension.get("extension", ())}
        name, _, place = parts.get("component", "").partition(".")
        if name == family(data_type):
            found = _replaced(found, place, parts.get("insteadOf", ""), parts.get("sent", ""))
    return found


def _note(place: str, sent: str, instead: str) -> Resource:
    parts = [("component", place), ("sent", sent)] + ([("insteadOf", instead)] if instead else [])
    return {
        "url": AS_SENT,
        "extension": [{"url": url, "valueString": text} for url, text in parts],
    }


def _texts(repetition: Iterable[Component]) -> Iterator[tuple[str, str]]:
    for n, component in enumerate(repetition, 1):
        for m, text in enumerate(component, 1):
            if text.strip():
                yield (f"{n}" if m == 1 else f"{n}.{m}"), text


def _same(sent: str, written: str) -> bool:
    return sent == written or " ".join(sent.split()) == " ".join(written.split())


def _replaced(found: Repetition, place: str, instead: str, sent: str) -> Repetition:
    number, _, sub = place.partition(".")
    at, inner = int(number) - 1, int(sub or 1) - 1
    parts = [list(c) for c in found]
    while len(parts) <= at:
        parts.append([])
    while len(parts[at]) <= inner:
        parts[at].append("")
    if not _same(instead, parts[at][inner]):
        return found
    parts[at][inner] = sent
    return tuple(tuple(c) for c in parts)
