"""Every failure that a client can see: a class for each trouble, with HTTP status and issue code.

    FhirError
      Invalid 400            Unprocessable 422      TooCostly 403
      NotUnderstood 400      NotSupported 400       TooLarge 413
      Unauthorized 401       Forbidden 403          NotFound 404    Gone 410
      MethodNotAllowed 405   NotAcceptable 406      UnsupportedMedia 415
      VersionConflict 412    MultipleMatches 412    Conflict 409
      PreconditionFailed 412
      Throttled 429          Unavailable 503        KeyUnavailable 503
      Damaged 500

Statuses: https://hl7.org/fhir/R4/http.html; codes: https://hl7.org/fhir/R4/valueset-issue-type.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

Severity = Literal["fatal", "error", "warning", "information"]


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding of an OperationOutcome. `text` never contains patient data.

    `line` and `column` are where the element stands in the text that was sent, counted from 1.
    """

    severity: Severity
    code: str
    text: str
    expression: str | None = None
    line: int | None = None
    column: int | None = None
    detail: str | None = None
    """A code of http://hl7.org/fhir/tools/CodeSystem/tx-issue-type, for issues of terminology."""
    message_id: str | None = None
    """HL7's name of the message, for issues of terminology."""

    def inside(self, prefix: str) -> Issue:
        """The same finding, seen from an enclosing element such as `Bundle.entry[3].resource`.

        >>> Issue("error", "value", "not a date", "Patient.birthDate").inside("entry[3]").expression
        'entry[3].birthDate'
        """
        rest = (self.expression or "").partition(".")[2]
        return replace(self, expression=f"{prefix}.{rest}" if rest else prefix)


class FhirError(Exception):
    """Something that the client is told in an OperationOutcome."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "exception"
    standing_headers: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        text: str = "",
        *,
        expression: str | None = None,
        issues: Sequence[Issue] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        # The class's docstring is the message when nothing better is known.
        text = text or (type(self).__doc__ or "").strip()
        self.issues: tuple[Issue, ...] = tuple(issues) or (
            Issue("error", self.code, text, expression),
        )
        self.headers = {**self.standing_headers, **(headers or {})}
        super().__init__(self.issues[0].text)

    def inside(self, prefix: str) -> FhirError:
        """The same error, seen from an enclosing element."""
        return type(self)(issues=[i.inside(prefix) for i in self.issues], headers=self.headers)


class NotUnderstood(FhirError):
    """The request is not FHIR: it can't be parsed."""

    status = 400
    code = "structure"


class Invalid(FhirError):
    """The request or its content breaks a rule of the standard."""

    status = 400
    code = "invalid"


class NotSupported(FhirError):
    """The request asks for something that this server doesn't do."""

    status = 400
    code = "not-supported"


class Unauthorized(FhirError):
    """A bearer token is needed: send it in the Authorization header."""

    status = 401
    code = "login"


class Forbidden(FhirError):
    """The token doesn't allow this."""

    status = 403
    code = "forbidden"


class TooCostly(FhirError):
    """The request needs more work than one request may take: narrow it."""

    status = 403
    code = "too-costly"


class NotFound(FhirError):
    """No such resource."""

    status = 404
    code = "not-found"


class MethodNotAllowed(FhirError):
    """This address doesn't take this method."""

    status = 405
    code = "not-supported"


class NotAcceptable(FhirError):
    """None of the formats asked for can be produced."""

    status = 406
    code = "not-supported"


class Conflict(FhirError):
    """The change conflicts with the state of the resource."""

    status = 409
    code = "conflict"


class Gone(FhirError):
    """The resource existed and was deleted."""

    status = 410
    code = "deleted"


class VersionConflict(FhirError):
    """The resource has changed since the version that was given: read it again."""

    status = 412
    code = "conflict"


class PreconditionFailed(FhirError):
    """What the request needs to be answered isn't there: send it, or say where it is."""

    status = 412
    code = "required"


class MultipleMatches(FhirError):
    """The condition matches more than one resource: make it more selective."""

    status = 412
    code = "multiple-matches"


class TooLarge(FhirError):
    """The request is larger than the server takes."""

    status = 413
    code = "too-long"


class UnsupportedMedia(FhirError):
    """The body's Content-Type is not one that the server reads."""

    status = 415
    code = "not-supported"


class Unprocessable(FhirError):
    """The content is FHIR but breaks a rule of its definition."""

    status = 422
    code = "processing"


class Throttled(FhirError):
    """Too many requests: try again later."""

    status = 429
    code = "throttled"
    standing_headers: ClassVar[Mapping[str, str]] = {"Retry-After": "5"}


class Unavailable(FhirError):
    """The server can't answer right now: try again shortly."""

    status = 503
    code = "transient"
    standing_headers: ClassVar[Mapping[str, str]] = {"Retry-After": "2"}


class KeyUnavailable(FhirError):
    """A key that this needs can't be had right now: tell the administrator."""

    status = 503
    code = "transient"
    standing_headers: ClassVar[Mapping[str, str]] = {"Retry-After": "30"}

    def __init__(
        self,
        advice: str = "",
        *,
        expression: str | None = None,
        issues: Sequence[Issue] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        # What to do is for the log and the command line; a client isn't told where keys are.
        super().__init__(expression=expression, issues=issues, headers=headers)
        self.args = (advice or self.issues[0].text,)


class Damaged(FhirError):
    """What is stored was changed or is incomplete: tell the administrator to restore it."""
