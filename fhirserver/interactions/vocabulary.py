"""What a search asks of terminology: the codes that a value set or a hierarchy comes to.

https://hl7.org/fhir/R4/search.html#modifiers
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from fhirserver.errors import Invalid
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model import json
from fhirserver.search.vocabulary import Code
from fhirserver.terminology.content import Filter, Selection
from fhirserver.terminology.members import members
from fhirserver.terminology.options import Options
from fhirserver.terminology.scope import Scope
from fhirserver.terminology.value_sets import ValueSet, compile_value_set


@dataclass(frozen=True, slots=True)
class SearchVocabulary:
    """A search.vocabulary.Vocabulary, for one request."""

    ctx: Context
    request: FhirRequest

    def members(self, value_set: str) -> Iterator[Code]:
        """The codes of a value set, by its address or as `ValueSet/[id]`."""
        terminology = self.ctx.terminology
        shelf = terminology.shelf()
        found = self._stored(value_set) or terminology.value_set(shelf, value_set)
        for hit in members(Scope(shelf, Options(), found), found):
            yield hit.system_url, hit.concept.code

    def below(self, system: str, code: str) -> Iterable[Code]:
        """The code and all that it subsumes."""
        return self._related(system, code, "is-a")

    def above(self, system: str, code: str) -> Iterable[Code]:
        """The code and all that subsume it."""
        return self._related(system, code, "generalizes")

    def _related(self, url: str, code: str, operator: str) -> Iterator[Code]:
        system = self.ctx.terminology.shelf().code_system(url, None)
        if system is None:
            raise Invalid(
                f"the code system {url[:200]} isn't known here: load it, or name the codes"
            )
        found = system.concept(code)
        if found is None:
            raise Invalid(f"the code system {url[:200]} has no code {code[:64]}")
        wanted = Selection((Filter("concept", operator, found.code),))
        for concept in system.select(wanted):
            yield url, concept.code

    def _stored(self, value_set: str) -> ValueSet | None:
        """A value set by its place on this server, which the caller must be allowed to read."""
        place = value_set.removeprefix(f"{self.ctx.settings.fhir_base}/")
        name, _, logical_id = place.partition("/")
        if name != "ValueSet" or not logical_id or "/" in logical_id:
            return None
        read = replace(
            self.request,
            interaction="read",
            type="ValueSet",
            id=logical_id,
            version=None,
            query=(),
            body=None,
        )
        answer = self.ctx.handle(read)
        return compile_value_set(json.parse_object(answer.content or b"{}"))
