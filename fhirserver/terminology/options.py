"""What a request wants of $expand and $validate-code, beside the value set and the code.

https://hl7.org/fhir/R4/valueset-operation-expand.html
https://hl7.org/fhir/R4/valueset-operation-validate-code.html
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fhirserver.terminology.versions import Rules


@dataclass(frozen=True, slots=True)
class Options:
    """The defaults are those of the operations."""

    versions: Rules = field(default_factory=Rules)
    display_language: str | None = None
    """Languages as in Accept-Language."""
    active_only: bool | None = None
    supplements: tuple[str, ...] = ()

    # $expand
    text: str | None = None
    offset: int | None = None
    count: int | None = None
    exclude_nested: bool | None = None
    include_designations: bool | None = None
    include_definition: bool | None = None
    designations: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    excluded_systems: tuple[str, ...] = ()
    """`url` or `url|version`."""
    exclude_abstract: bool = False
    echoed: tuple[tuple[str, str, object], ...] = ()
    """Parameters as they came: name, type of the value, value."""

    # $validate-code
    abstract: bool | None = None
    infer_system: bool = False
    lenient_display: bool = False
    membership_only: bool = False
