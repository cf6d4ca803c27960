"""What a search value means, in plain Python: nothing here is the server's.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

EARLIEST: Final = datetime(1, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9999, 12, 31, tzinfo=UTC)
Range = tuple[datetime, datetime]

_COMPARATOR: Final = re.compile(r"(eq|ne|gt|ge|lt|le|sa|eb)?(\d.*)")


def texts(element: Any) -> Iterator[str]:
    """The texts in an element that a string search looks at."""
    if isinstance(element, str):
        yield element
    elif isinstance(element, dict):
        # HumanName and Address; the codes of `use` and `type` are no texts.
        for name in _PARTS:
            value = element.get(name, ())
            yield from [value] if isinstance(value, str) else value


_PARTS: Final = ("text", "family", "given", "prefix", "suffix", "line", "city", "district",
                 "state", "postalCode", "country")  # fmt: skip


def tokens(element: Any) -> Iterator[tuple[str, str]]:
    """The (system, code) of an element; the system is empty where it has none."""
    if isinstance(element, str):
        yield "", element
    elif isinstance(element, bool):
        yield "", str(element).lower()
    elif "coding" in element or "text" in element:
        for coding in element.get("coding", ()):
            yield from tokens(coding)
    elif "value" in element or "code" in element:
        yield element.get("system", ""), element.get("code") or element["value"]


def range_of(element: Any) -> Range | None:
    """The time that an element stands for, from and until (not included)."""
    if isinstance(element, str):
        return bounds(element)
    if "start" not in element and "end" not in element:
        return None
    start, end = element.get("start"), element.get("end")
    return bounds(start)[0] if start else EARLIEST, bounds(end)[1] if end else LATEST


def bounds(text: str) -> Range:
    """The time that a date of any precision stands for; without a zone it is UTC.

    >>> [str(d.date()) for d in bounds("2024-02")]
    ['2024-02-01', '2024-03-01']
    """
    match text.count("-") if "T" not in text else "T":
        case 0:
            return datetime(int(text), 1, 1, tzinfo=UTC), datetime(int(text) + 1, 1, 1, tzinfo=UTC)
        case 1:
            low = datetime.fromisoformat(f"{text}-01").replace(tzinfo=UTC)
            return low, (low + timedelta(days=32)).replace(day=1)
        case 2:
            low = datetime.fromisoformat(text).replace(tzinfo=UTC)
            return low, low + timedelta(days=1)
    low = datetime.fromisoformat(text)
    low = low if low.tzinfo else low.replace(tzinfo=UTC)
    fraction = re.search(r"\.(\d+)", text)
    return low, low + timedelta(seconds=10 ** -len(fraction[1]) if fraction else 1)


def is_in_time(element: Any, value: str) -> bool:
    """Whether a date or period is found by a date with a comparator."""
    match = _COMPARATOR.fullmatch(value)
    target = range_of(element)
    if match is None or target is None:
        return False
    low, high = bounds(match[2])
    within = low <= target[0] and target[1] <= high
    match match[1] or "eq":
        case "eq":
            return within
        case "ne":
            return not within
        case "gt":
            return target[1] > high
        case "ge":
            return target[1] > high or within
        case "lt":
            return target[0] < low
        case "le":
            return target[0] < low or within
        case "sa":
            return target[0] >= high
        case _:
            return target[1] <= low


def is_token(element: Any, value: str) -> bool:
    """Whether a coded element is found by `code` or `system|code`."""
    system, bar, code = value.rpartition("|")
    return any(
        code.casefold() == c.casefold() and (not bar or system == s) for s, c in tokens(element)
    )


def is_text(element: Any, value: str) -> bool:
    """Whether a text of the element begins with the value, whatever its case and accents."""
    return any(_plain(t).startswith(_plain(value)) for t in texts(element))


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(bare.casefold().split())


def is_reference(element: Any, value: str) -> bool:
    """Whether a reference, or a canonical address, is found by an id, `Type/id` or an address."""
    text = element if isinstance(element, str) else element.get("reference", "")
    if "://" in value and "://" in text:
        return bool(text.partition("|")[0] == value.partition("|")[0])
    return bool(text.split("/")[-2:] == value.split("/")[-2:] or text.split("/")[-1] == value)


def split(value: str) -> list[str]:
    r"""The alternatives of a value.

    >>> split(r"a\\,b,c")
    ['a,b', 'c']
    """
    parts = re.findall(r"(?:\\.|[^,\\])+", value)
    return [re.sub(r"\\(.)", r"\1", p) for p in parts]


def escaped(text: str) -> str:
    """The text as a search value."""
    return re.sub(r"([\\,|$])", r"\\\1", text)
