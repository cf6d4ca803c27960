"""Prefixes of ordered values: `ge2024-01-01`.

https://hl7.org/fhir/R4/search.html#prefix
"""

from __future__ import annotations

import re
from typing import Final, cast

from fhirserver.search.query import Comparison

_PREFIX: Final = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)(?=[\d+\-.])")


def split_prefix(value: str) -> tuple[Comparison, str]:
    """The comparison that a value asks for, and the value without it.

    >>> split_prefix("ge2024")
    ('ge', '2024')
    >>> split_prefix("5.4")
    ('eq', '5.4')
    """
    match = _PREFIX.match(value)
    return (cast(Comparison, match[1]), value[2:]) if match else ("eq", value)
