"""The expressions of a form: FHIRPath, and searches with FHIRPath in them.

What can't be evaluated is told and passed over: a form with a gap is better than no form.
http://hl7.org/fhir/uv/sdc/expressions.html
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from fhirserver import fhirpath
from fhirserver.errors import FhirError, Issue, TooCostly
from fhirserver.fhirpath import Env, Resolver, Terminology, Typed
from fhirserver.forms.extensions import values
from fhirserver.model.resource import Resource

MOST_SECONDS: Final = 10.0
MOST_STEPS: Final = 50_000
MOST_QUERIES: Final = 50
_EMBEDDED: Final = re.compile(r"\{\{(.+?)\}\}", re.DOTALL)


class Query(Protocol):
    """Answers a relative address such as `Condition?patient=1`, or `Patient/1`; None: nothing."""

    def __call__(self, path: str, pairs: tuple[tuple[str, str], ...]) -> Resource | None: ...


@dataclass(frozen=True, slots=True)
class Setting:
    """What an expression is evaluated on and may name."""

    type: str
    value: Any
    resource: Resource
    variables: Mapping[str, Any]
    place: str

    def having(self, name: str, found: Any) -> Setting:
        """The same with one more variable."""
        more = {**self.variables, name: found}
        return Setting(self.type, self.value, self.resource, more, self.place)


@dataclass(slots=True)
class Expressions:
    """The evaluation of one form, within limits; `issues` are what couldn't be evaluated."""

    query: Query
    resolve: Resolver
    terminology: Terminology | None = None
    issues: list[Issue] = field(default_factory=list)
    _until: float = field(default_factory=lambda: time.monotonic() + MOST_SECONDS)
    _queries: int = 0

    def nodes(self, expression: Resource, setting: Setting) -> list[Typed]:
        """What an Expression yields; nothing when it can't be evaluated."""
        try:
            return self._nodes(expression, setting)
        except TooCostly:
            raise
        except FhirError as error:
            self.note(str(error), setting.place)
            return []

    def text(self, expression: str, setting: Setting) -> str | None:
        """The first result of a FHIRPath expression as a text."""
        found = self.nodes({"language": "text/fhirpath", "expression": expression}, setting)
        return next((str(n[1]) for n in found if n[1] is not None), None)

    def with_variables(self, element: Resource, setting: Setting) -> Setting:
        """The setting with the variables that an item, or the Questionnaire, declares."""
        for expression in values(element, "variable"):
            name = expression.get("name") if isinstance(expression, dict) else None
            # One that the caller has given isn't asked for again.
            if name and name not in setting.variables:
                setting = setting.having(name, self.nodes(expression, setting))
        return setting

    def note(self, text: str, place: str, code: str = "processing") -> None:
        """Tell what has been passed over."""
        self.issues.append(Issue("warning", code, text, place))

    def _nodes(self, expression: Resource, setting: Setting) -> list[Typed]:
        text = expression.get("expression")
        if not text:
            self.note("an Expression without an expression", setting.place)
            return []
        match expression.get("language"):
            case "text/fhirpath":
                return self._evaluated(text, setting)
            case "application/x-fhir-query":
                found = self._queried(text, setting)
                return [] if found is None else [(found["resourceType"], found, None)]
            case other:
                self.note(f"expressions in {other} aren't evaluated here", setting.place,
                          "not-supported")  # fmt: skip
                return []

    def _evaluated(self, text: str, setting: Setting) -> list[Typed]:
        if time.monotonic() > self._until:
            raise TooCostly(f"the form's expressions take more than {MOST_SECONDS:.0f} seconds")
        env = Env(
            resource=setting.resource,
            variables=setting.variables,
            resolve=self.resolve,
            terminology=self.terminology,
            max_steps=MOST_STEPS,
            deadline=self._until,
        )
        return fhirpath.compile(text, setting.type)(setting.value, env)

    def _queried(self, text: str, setting: Setting) -> Resource | None:
        self._queries += 1
        if self._queries > MOST_QUERIES:
            raise TooCostly(f"the form asks more than {MOST_QUERIES} questions")
        path, _, query = text.partition("?")
        # Taken apart first: what is put in can't become another parameter.
        pairs = [p.partition("=") for p in _split(query)]
        try:
            filled = tuple((k, self._filled(v, setting)) for k, _, v in pairs)
            return self.query(self._filled(path, setting), filled)
        except _Missing:
            return None

    def _filled(self, text: str, setting: Setting) -> str:
        def put_in(found: re.Match[str]) -> str:
            nodes = self._evaluated(found[1], setting)
            if not nodes:
                raise _Missing
            # Several values are alternatives; a comma inside one is a comma.
            return ",".join(str(n[1]).replace(",", "\\,") for n in nodes)

        return _EMBEDDED.sub(put_in, text)


class _Missing(Exception):
    """A value that a search needs isn't there: the search isn't made."""


def _split(query: str) -> list[str]:
    """The parameters of a query; an `&` inside double braces belongs to an expression."""
    parts = [""]
    depth = 0
    for piece in re.split(r"(\{\{|\}\}|&)", query):
        depth += (piece == "{{") - (piece == "}}")
        if piece == "&" and depth == 0:
            parts.append("")
        else:
            parts[-1] += piece
    return [p for p in parts if p]
