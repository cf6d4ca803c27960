"""`Questionnaire/$populate`: a form with the answers that are known already.

http://hl7.org/fhir/uv/sdc/OperationDefinition/Questionnaire-populate
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

from fhirserver import clock
from fhirserver.errors import Invalid, Issue
from fhirserver.forms.expressions import Expressions
from fhirserver.forms.extensions import extensions, part
from fhirserver.forms.populating import response
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.form_inputs import (
    Asking,
    by_canonical,
    by_identifier,
    by_reference,
)
from fhirserver.interactions.operating.reading import instance, search
from fhirserver.interactions.operation import Call, Inputs, Parameter, operation
from fhirserver.model.outcome import outcome
from fhirserver.model.parameters import parameters, resource
from fhirserver.model.resource import Resource
from fhirserver.search.escaping import escape
from fhirserver.storage.content import instant

_LOOKED_AT: Final = "20"
"""Observations, the newest first, among which one must have a value of the right type."""


@operation(
    "populate",
    definition="http://hl7.org/fhir/uv/sdc/OperationDefinition/Questionnaire-populate",
    levels=["type", "instance"],
    types=["Questionnaire"],
    parameters=[
        Parameter("identifier", "Identifier"),
        Parameter("questionnaire", "*"),
        Parameter("questionnaireRef", "Reference"),
        Parameter("subject", "Reference"),
        Parameter(
            "context",
            max=None,
            parts=(
                Parameter("name", "string", min=1),
                Parameter("content", "*", min=1, max=None),
            ),
        ),
        Parameter("content", "Reference", max=None),
        Parameter("local", "boolean"),
    ],
)
def populate(ctx: Context, call: Call) -> FhirResponse:
    """A QuestionnaireResponse in progress, and what couldn't be filled in and why."""
    questionnaire = _questionnaire(ctx, call)
    asking = Asking(ctx, call)
    subject: Resource | None = call.inputs.one("subject")
    uses_server = call.inputs.is_true("local", default=True)
    query = asking.query if uses_server else _nothing
    expressions = Expressions(query, asking.resolve, asking.terminology)
    variables = _variables(ctx, call, questionnaire, subject, expressions.issues)

    def observed(codes: Sequence[Resource], within: timedelta) -> Iterable[Resource]:
        return _observations(ctx, call, subject, codes, within) if uses_server and subject else ()

    made = response(
        questionnaire,
        expressions,
        observed,
        subject=subject,
        authored=instant(clock.now()),
        variables=variables,
    )
    issues = expressions.issues
    return answered(
        parameters(
            [
                resource("response", made),
                resource("issues", outcome(issues)) if issues else None,
            ]
        )
    )


def _nothing(path: str, pairs: tuple[tuple[str, str], ...]) -> Resource | None:
    return None


def _questionnaire(ctx: Context, call: Call) -> Resource:
    """The form in the address, or the one that a parameter means."""
    given = [n for n in ("identifier", "questionnaire", "questionnaireRef") if n in call.inputs]
    if call.id is not None:
        return instance(ctx, call)
    if len(given) != 1:
        raise Invalid("$populate needs a Questionnaire: in the address, or as one of identifier, "
                      "questionnaire and questionnaireRef")  # fmt: skip
    wanted: Any = call.inputs.one(given[0])
    if isinstance(wanted, str):
        return by_canonical(ctx, call, wanted)
    if given[0] == "identifier":
        return by_identifier(ctx, call, wanted)
    if wanted.get("resourceType") == "Questionnaire":
        found: Resource = wanted
        return found
    found = by_reference(ctx, call, wanted, given[0])
    if found["resourceType"] != "Questionnaire":
        raise Invalid(f"{given[0]} must mean a Questionnaire")
    return found


def _variables(
    ctx: Context,
    call: Call,
    questionnaire: Resource,
    subject: Resource | None,
    issues: list[Issue],
) -> dict[str, Any]:
    """The launch context: what the caller gives, and the subject where the form wants its type."""
    found: dict[str, Any] = {}
    for context in call.inputs.all("context"):
        found[context.text("name") or ""] = _contents(ctx, call, context)
    who: Resource | None = None
    if subject is not None and subject.get("reference"):
        who = by_reference(ctx, call, subject, "subject")
        found.setdefault("subject", who)
    for number, given in enumerate(call.inputs.all("content")):
        one = by_reference(ctx, call, given, f"content {number + 1}")
        found.setdefault(one["resourceType"].lower(), one)
    for launch in extensions(questionnaire, "launchContext"):
        name, wanted = part(launch, "name"), part(launch, "type")
        code = name.get("code") if isinstance(name, dict) else name
        if not code or code in found:
            continue
        if who is not None and who["resourceType"] == wanted and code in {"patient", "subject"}:
            found[code] = who
        else:
            found[code] = []
            text = f"the form wants the launch context {code!r}, and it wasn't given"
            issues.append(Issue("warning", "incomplete", text))
    return found


def _contents(ctx: Context, call: Call, context: Inputs) -> list[Any]:
    """The resources of a context: sent, or referred to."""
    made = []
    for given in context.all("content"):
        if isinstance(given, dict) and "resourceType" in given:
            made.append(given)
        elif isinstance(given, dict) and "reference" in given:
            made.append(by_reference(ctx, call, given, "the content of a context"))
        else:
            raise Invalid("the content of a context is a resource or a reference to one")
    return made


def _observations(
    ctx: Context,
    call: Call,
    subject: Resource,
    codes: Sequence[Resource],
    within: timedelta,
) -> list[Resource]:
    tokens = (
        f"{escape(c['system'])}|{escape(c['code'])}" if c.get("system") else escape(c["code"])
        for c in codes
    )
    since = clock.now() - within
    page = search(
        ctx,
        call.principal,
        "Observation",
        (
            ("subject", subject.get("reference") or ""),
            ("combo-code", ",".join(tokens)),
            ("date", f"ge{instant(since)}"),
            ("status", "final,amended,corrected"),
            ("_sort", "-date"),
            ("_count", _LOOKED_AT),
        ),
    )
    return [e["resource"] for e in page.get("entry", ())]
