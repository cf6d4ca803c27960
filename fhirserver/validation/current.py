"""The validator for the definitions as they are now, the same until one of them changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from fhirserver.model.conformance import Conformance
from fhirserver.validation.options import Codes
from fhirserver.validation.validator import Validator


class Changing(Conformance, Protocol):
    """A Conformance that says by another `generation` that something has changed."""

    @property
    def generation(self) -> str: ...


class Validators:
    """Hands out the current validator; each compiles a profile once.

    `codes` gives what terminology knows at the moment that it is asked.
    """

    def __init__(self, conformance: Changing, codes: Callable[[], Codes]) -> None:
        self._conformance = conformance
        self._codes = codes
        self._held: tuple[str, Validator] | None = None

    def current(self) -> Validator:
        """The validator of this moment; ask for each request."""
        generation = self._conformance.generation
        held = self._held
        if held is None or held[0] != generation:
            held = self._held = generation, Validator(self._conformance, self._codes())
        return held[1]
