"""What the index holds of one resource: the values that searches look for. Pure data."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct, field

EARLIEST = -(2**63)
LATEST = 2**63 - 1


class DateRow(NamedTuple):
    """A date, period or instant as a closed-open range of microseconds since 1970-01-01 UTC.

    `low` is EARLIEST and `high` is LATEST where a period is open. `first` marks the row by which
    an ascending sort orders the resource (the earliest low), `last` the one for a descending sort
    (the latest high). `token` is the token digest of a composite's other component, or None.
    """

    param: int
    low: int
    high: int
    first: bool
    last: bool
    token: int | None = None
    system_token: int | None = None


class StringRow(NamedTuple):
    """A string, folded: no accents, case or runs of white space. Cut at 640 characters."""

    param: int
    text: str
    first: bool
    last: bool
    token: int | None = None
    system_token: int | None = None


class NumberRow(NamedTuple):
    """A number, quantity or range as low and high (equal for a single value; infinities if open).

    `unit` is digest("s|SYSTEM|CODE"), or of a unit of UCUM digest("q|BASE UNITS"); `base_low` and
    `base_high` are the ends in that unit. `code` is digest("c|CODE"), `label` digest("c|UNIT TEXT")
    where that differs from the code; units keep their case. `token`, `system_token`: digests of a
    composite's token component, spelled c|CODE and s|SYSTEM|CODE. `item` tells apart the rows of
    one composite that has more than one ordered component.
    """

    param: int
    low: float
    high: float
    first: bool
    last: bool
    unit: int | None = None
    code: int | None = None
    label: int | None = None
    token: int | None = None
    system_token: int | None = None
    item: int = 0
    base_low: float | None = None
    base_high: float | None = None


class PositionRow(NamedTuple):
    """A place on earth, in degrees (WGS84)."""

    param: int
    latitude: float
    longitude: float


class TextEntry(NamedTuple):
    """A dictionary entry for `:text`: the folded text and the element that rows with it have."""

    param: int
    text: str
    element: int


class IndexValues(Struct):
    """All index values of one version of one resource."""

    elements: list[int] = field(default_factory=list)
    dates: list[DateRow] = field(default_factory=list)
    strings: list[StringRow] = field(default_factory=list)
    numbers: list[NumberRow] = field(default_factory=list)
    positions: list[PositionRow] = field(default_factory=list)
    texts: list[TextEntry] = field(default_factory=list)
    generation: int | None = None
    """That of the parameters they were made by, where these may change; None where they can't."""


class Stamp(Struct, frozen=True):
    """Whose a row is: what access rules and later distribution go by.

    owner: the `self` of the one patient whose compartment the resource is in, or None;
    labels: elements of meta.security; unit: the `self` of the organization or ward, or None.
    """

    owner: int | None = None
    labels: tuple[int, ...] = ()
    unit: int | None = None
