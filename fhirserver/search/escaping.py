r"""Values of a search: `,` separates alternatives, `$` and `|` parts, `\` takes away their meaning.

https://hl7.org/fhir/R4/search.html#escaping
"""

from __future__ import annotations

import re
from typing import Final

_ESCAPED: Final = re.compile(r"\\([\\,|$])")


def split(text: str, separator: str) -> list[str]:
    r"""The parts between separators that are not escaped; escapes stay in the parts.

    >>> split(r"a,b\,c", ",")
    ['a', 'b\\,c']
    """
    if "\\" not in text:
        return text.split(separator)
    parts, start, at = [], 0, 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == separator:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    parts.append(text[start:])
    return parts


def unescape(text: str) -> str:
    r"""The text that was meant.

    >>> unescape(r"a\,b\\c")
    'a,b\\c'
    """
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def escape(text: str) -> str:
    r"""The text as one part of a value.

    >>> escape("a,b")
    'a\\,b'
    """
    return re.sub(r"([\\,|$])", r"\\\1", text)
