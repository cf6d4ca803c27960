"""What a data type's writer is called with, and how a file becomes one.

    @writer("XPN", "HumanName")
    def xpn(name: Any, writing: Writing) -> Repetition | None: ...

It gets the JSON of a FHIR value, and gives one repetition of a field, or None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final

from fhirserver import fhirpath
from fhirserver.fhirpath import Env, Typed
from fhirserver.model.resource import Resource
from hl7v2_gateway.outbound.reader import Reader
from hl7v2_gateway.outbound.segments import Repetition
from hl7v2_gateway.outbound.wishes import Wishes
from hl7v2_gateway.outbound.wording import as_sent


@dataclass(frozen=True, slots=True)
class Writing:
    """A message while it is written: for whom, and what it is about.

    `names` are the `%names` of the tables: %focus, %event, %control, %time, and the groups around.
    """

    wishes: Wishes
    reader: Reader
    names: Mapping[str, Any] = field(default_factory=dict)

    def resolved(self, reference: str) -> Resource | None:
        """What a reference points at, as far as the receiver may see it."""
        return self.reader.read(reference)

    def found(self, expression: str, kind: str, value: Any) -> list[Typed]:
        """What an expression gives for a value of a type."""
        env = Env(variables=self.names, resolve=self.resolved)
        if isinstance(value, dict) and "resourceType" not in value:
            focus = self.names.get("within")
            env = Env(resource=focus, variables=self.names, resolve=self.resolved)
        return fhirpath.compile(expression, kind)(value, env)


Write = Callable[[Any, Writing], Repetition | None]

_PLAIN: Final[dict[Write, Write]] = {}

writers: Final[dict[tuple[str, str], Write]] = {}
"""By the v2 data type and the FHIR type of the value."""


def writer(data_type: str, *fhir_types: str) -> Callable[[Write], Write]:
    """The decorated function writes values of these FHIR types as that data type."""

    def add(write: Write) -> Write:
        @wraps(write)
        def worded(value: Any, writing: Writing) -> Repetition | None:
            written = write(value, writing)
            if isinstance(value, dict) and "extension" in value:
                return as_sent(data_type, written, value["extension"]) or None
            return written

        _PLAIN[worded] = write
        for fhir_type in fhir_types:
            if (data_type, fhir_type) in writers:
                raise ValueError(f"two writers of {fhir_type} as {data_type}")
            writers[data_type, fhir_type] = worded
        return worded

    return add


def unworded(write: Write) -> Write:
    """The writer that doesn't look how a value was sent."""
    while write in _PLAIN:
        write = _PLAIN[write]
    return write
