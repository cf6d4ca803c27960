"""What a validation is told besides the resource, and what it may ask.

https://hl7.org/fhir/R4/validation.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

from fhirserver.errors import Severity
from fhirserver.model.resource import Resource


class Coding(NamedTuple):
    """A code as it is given; `system` is None for an element of type code, string or uri."""

    system: str | None
    code: str
    version: str | None = None


class Codes(Protocol):
    """What validation asks of terminology; None says that it can't be decided."""

    def member_of(self, value_set: str, coding: Coding) -> bool | None: ...

    def subsumes(self, system: str, code: str, other: str) -> bool | None:
        """Whether `code` is `other` or above it."""
        ...


Fetch: TypeAlias = Callable[[str], Resource | None]
"""Finds what a reference outside of the resource points at; None if there is nothing."""


@dataclass(frozen=True, slots=True)
class Options:
    """How strict a validation is where the standard leaves it open.

    Each severity is for one kind of finding, None to say nothing: an extension whose definition
    isn't known, or whose url is an example; a reference that `fetch` doesn't find; text that looks
    like HTML where FHIR has plain text or markdown; a display that is not the code system's; a
    profile that another one asks for and that isn't known; a link inside a narrative to nowhere; a
    period whose start and end are written so differently that nothing says which comes first.
    Extensions whose url begins with one of `trusted_extensions` may be unknown. Without
    `contained`, nothing is said of contained resources.
    """

    unknown_extension: Severity | None = "warning"
    example_extension: Severity | None = "information"
    trusted_extensions: tuple[str, ...] = ()
    missing: Severity | None = "error"
    html_in_text: Severity | None = "warning"
    html_in_markdown: Severity | None = "warning"
    wrong_display: Severity | None = "warning"
    unknown_profile: Severity | None = "warning"
    dangling_link: Severity | None = "warning"
    undecided_period: Severity | None = "warning"
    contained: bool = True
