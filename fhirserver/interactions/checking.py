"""The rules that every resource meets before it is stored."""

from __future__ import annotations

from fhirserver.errors import Invalid, Issue
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model.resource import Resource
from fhirserver.validation import check


def checked(request: FhirRequest) -> Resource:
    """The request's resource, if it is of the address's type and keeps to its definition.

    Raises Invalid with an issue for each place that doesn't.
    """
    return checked_resource(request.body, request.type, is_checked=request.is_checked)


def checked_resource(
    body: object, resource_type: str | None, *, is_checked: bool = False
) -> Resource:
    """The same for any JSON value."""
    if not isinstance(body, dict):
        raise Invalid("the body must be a JSON object with a resource")
    given = body.get("resourceType")
    if given is None:
        raise Invalid("the resource has no resourceType", expression="resourceType")
    if resource_type is not None and given != resource_type:
        raise Invalid(
            f"this address takes {resource_type}, but the resource's type is another",
            expression="resourceType",
        )
    if not is_checked:
        refuse(check(body))
    return body


def refuse(issues: list[Issue]) -> None:
    """Raise Invalid when one of the issues is an error."""
    if any(i.severity in {"error", "fatal"} for i in issues):
        raise Invalid(issues=issues)
