"""A search as data: what `parse` makes of a URL and what storage compiles to SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Comparison = Literal["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]
"""How a row's range compares with [low, high). `ap` is true where the two overlap: `parse` has
widened the range already (for `po` of _filter it hasn't)."""


@dataclass(frozen=True, slots=True)
class AnyElement:
    """The row's array holds at least one of these elements."""

    elements: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class InDates:
    """A date row of the parameter compares so with [low, high), in microseconds since 1970 UTC."""

    param: int
    compare: Comparison
    low: int
    high: int
    token: int | None = None
    system_token: int | None = None


@dataclass(frozen=True, slots=True)
class InNumbers:
    """A number row compares so. [low, high) is the value's precision, `exact` the value itself.

    `unit`: digest of s|SYSTEM|CODE or q|BASE UNITS that must be equal, and the numbers are those of
    that unit; `code`: digest of c|CODE that must be the
    row's code or label.
    """

    param: int
    compare: Comparison
    exact: float
    low: float
    high: float
    unit: int | None = None
    code: int | None = None
    token: int | None = None
    system_token: int | None = None
    second: InNumbers | None = None
    """A further component of the same composite, on a row with the same `item`."""


@dataclass(frozen=True, slots=True)
class InStrings:
    """A string row starts with, contains, ends with or equals a folded text."""

    param: int
    match: Literal["prefix", "contains", "suffix", "equals"]
    text: str
    token: int | None = None
    system_token: int | None = None


@dataclass(frozen=True, slots=True)
class StringCompare:
    """A string row sorts before or after a folded text, or differs (only from _filter)."""

    param: int
    compare: Literal["gt", "lt", "ge", "le", "ne"]
    text: str


@dataclass(frozen=True, slots=True)
class TokenText:
    """The row has a display text of the parameter that starts with or contains this folded text."""

    param: int
    text: str
    match: Literal["prefix", "contains"] = "prefix"


@dataclass(frozen=True, slots=True)
class HasRow:
    """A row of the parameter exists in an ordered table."""

    table: Literal["date", "string", "number", "position"]
    param: int


@dataclass(frozen=True, slots=True)
class Near:
    """A position within so many metres (great circle)."""

    param: int
    latitude: float
    longitude: float
    metres: float


@dataclass(frozen=True, slots=True)
class Ids:
    """The logical id is one of these."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Selves:
    """The digest of the resource's address (hashing.reference_self) is one of these."""

    selves: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Updated:
    """meta.lastUpdated compares so with [low, high), microseconds since 1970 UTC."""

    compare: Comparison
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class FullText:
    """Words in the narrative (`_text`) or anywhere (`_content`), in web search syntax."""

    scope: Literal["narrative", "content"]
    words: str


@dataclass(frozen=True, slots=True)
class OwnedBy:
    """The row belongs to the patient with this `self`."""

    owner: int


@dataclass(frozen=True, slots=True)
class Unowned:
    """The row belongs to no patient."""


@dataclass(frozen=True, slots=True)
class CaredFor:
    """The row's patient has a care relationship of one of the kinds with one of the actors, now.

    `actors` are the digests of addresses (hashing.reference_self): a practitioner, their posts,
    their units. Only in access rules.
    """

    actors: tuple[int, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """The row was shared with one of the actors, or with a team of theirs, for a time that is now.

    `actors` are the digests of addresses (hashing.reference_self). Only in access rules.
    """

    actors: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class InUnits:
    """The organization that is responsible for the row is one of these (`self` digests)."""

    units: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Labelled:
    """The row has one of these security labels (elements of `_security`)."""

    labels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ConsentDenies:
    """The patient's consent directive keeps the row from one of the actors, or from everybody.

    `purpose` is a code of v3-PurposeOfUse.
    """

    actors: tuple[int, ...]
    purpose: str


@dataclass(frozen=True, slots=True)
class OfType:
    """The resource is of one of these types; only in searches of several types."""

    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not:
    condition: Condition


@dataclass(frozen=True, slots=True)
class And:
    """All conditions; true when there are none."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any condition; false when there are none."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """The parameter refers to a current resource of one of the types that meets the condition."""

    salt: int
    targets: tuple[str, ...]
    condition: Condition


@dataclass(frozen=True, slots=True)
class ReverseChain:
    """A current resource of `source` that meets the condition refers to this one by a parameter."""

    source: str
    salt: int
    condition: Condition


@dataclass(frozen=True, slots=True)
class InList:
    """The resource is an entry of the List with this logical id."""

    list_id: str


Condition = (
    AnyElement
    | InDates
    | InNumbers
    | InStrings
    | StringCompare
    | TokenText
    | HasRow
    | Near
    | Ids
    | Selves
    | Updated
    | FullText
    | OwnedBy
    | Unowned
    | CaredFor
    | Shared
    | InUnits
    | Labelled
    | ConsentDenies
    | OfType
    | Not
    | And
    | Or
    | Chain
    | ReverseChain
    | InList
)


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort key. `by`: an ordered table, a column, or (`path`) a value found in the content.

    `param` is the number of the parameter in an ordered table, `also` are further ones whose values
    count as its own; `paths` are the SQL/JSON paths of its values for token, reference and uri
    parameters.
    """

    code: str
    by: Literal["date", "string", "number", "updated", "id", "path"]
    descending: bool
    param: int = 0
    paths: tuple[str, ...] = ()
    also: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Include:
    """One _include or _revinclude. `code` is `*` for all; `target` limits the type included.

    `source` is `*` too where the search said only `*`: it stands for every type.
    """

    source: str
    code: str
    target: str | None
    reverse: bool
    iterate: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A search, understood."""

    types: tuple[str, ...]
    condition: Condition
    sort: tuple[Sort, ...] = ()
    count: int | None = None
    total: Literal["none", "estimate", "accurate"] | None = None
    includes: tuple[Include, ...] = ()
    summary: Literal["true", "text", "data", "count", "false"] | None = None
    elements: tuple[str, ...] = ()
    used: tuple[tuple[str, str], ...] = ()
    """The parameters as understood, for the self link."""
    ignored: tuple[str, ...] = ()
    """Warnings about parameters that lenient handling left out."""
    explain: bool = False
    contained: Literal["false"] = "false"
