"""The answer of $validate-code as it grows: findings, and what is known of the code.

https://hl7.org/fhir/R4/valueset-operation-validate-code.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from fhirserver.errors import Issue, Severity
from fhirserver.model import json
from fhirserver.model.outcome import outcome
from fhirserver.model.parameters import parameters, resource, value
from fhirserver.model.resource import Resource
from fhirserver.terminology.issues import STANDING, Message
from fhirserver.terminology.standing import Standing


@dataclass(frozen=True, slots=True)
class Coded:
    """A code to be checked, and where it stands: alone, in a Coding, in a CodeableConcept."""

    code: str
    system: str | None = None
    version: str | None = None
    display: str | None = None
    place: str = ""

    def at(self, part: str = "") -> str:
        """The path of a part of it, or of the whole."""
        if not self.place:
            return part or "code"
        return f"{self.place}.{part}" if part else self.place

    @property
    def words(self) -> str:
        """As messages name it: `system|version#code ('display')`."""
        version = f"|{self.version}" if self.version else ""
        display = f" ('{self.display}')" if self.display else ""
        return f"{self.system or ''}{version}#{self.code}{display}"

    def within(self, system: str) -> Coded:
        return replace(self, system=system)


@dataclass(slots=True)
class Report:
    """What was found out about one code or concept."""

    issues: list[Issue] = field(default_factory=list)
    told: dict[str, None] = field(default_factory=dict)
    unknown_systems: dict[str, None] = field(default_factory=dict)
    """Systems of the code itself that aren't here."""
    causes: dict[str, None] = field(default_factory=dict)
    """Systems that aren't here, for which reason nothing could be decided."""
    code: str | None = None
    system: str | None = None
    version: str | None = None
    display: str | None = None
    normalized_code: str | None = None
    inactive: bool = False
    status: str | None = None
    codeable_concept: Resource | None = None
    _text: bytes | None = None

    @property
    def result(self) -> bool:
        return not any(i.severity in {"error", "fatal"} for i in self.issues)

    def add(
        self,
        message: Message,
        place: str | None = None,
        severity: Severity | None = None,
        **values: object,
    ) -> None:
        """One more finding."""
        self.add_issue(message.issue(place, severity, **values), is_told=message.is_told)

    def add_issue(self, issue: Issue, *, is_told: bool = True) -> None:
        """One more finding, ready made; none is told twice."""
        if issue not in self.issues:
            self.issues.append(issue)
        if is_told:
            self.told[issue.text] = None

    def add_all_standing(self, standings: Iterable[Standing]) -> None:
        """That it rests on something that is deprecated, a draft ..."""
        for found in standings:
            self.add(STANDING[found.word], kind=found.kind, canonical=found.canonical)

    def parameters(self) -> Resource:
        """The Parameters resource that answers the request."""
        return parameters(self._parameters())

    @property
    def text(self) -> bytes:
        """The same as JSON, made once: nothing is found after that."""
        if self._text is None:
            self._text = json.dump(self.parameters())
        return self._text

    def _parameters(self) -> Iterator[Resource]:
        yield value("result", "boolean", self.result)
        if self.code is not None:
            yield value("code", "code", self.code)
        if self.system is not None:
            yield value("system", "uri", self.system)
        if self.version is not None:
            yield value("version", "string", self.version)
        if self.display is not None:
            yield value("display", "string", self.display)
        if self.normalized_code is not None:
            yield value("normalized-code", "code", self.normalized_code)
        if self.inactive:
            yield value("inactive", "boolean", True)
        if self.status is not None:
            yield value("status", "code", self.status)
        if self.codeable_concept is not None:
            yield value("codeableConcept", "CodeableConcept", self.codeable_concept)
        if self.told:
            yield value("message", "string", "; ".join(sorted(self.told)))
        for name in self.unknown_systems:
            yield value("x-unknown-system", "canonical", name)
        for name in self.causes:
            yield value("x-caused-by-unknown-system", "canonical", name)
        if self.issues:
            yield resource("issues", outcome(self.issues))
