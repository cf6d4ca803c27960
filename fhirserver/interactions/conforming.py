"""Declared profiles of what is written: refused, told, or tagged, as the setting says.

https://hl7.org/fhir/R4/resource.html#Meta
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from fhirserver.errors import Invalid, Issue
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Intent, changed
from fhirserver.model.resource import Resource
from fhirserver.validation.validator import Validator

TAG: Final = {
    "system": "https://fhirserver.example/CodeSystem/validation",
    "code": "nonconformant",
    "display": "Breaks a profile that it declares",
}
_ERRORS: Final = frozenset({"error", "fatal"})

Conform = Callable[[Intent], Intent]


def conformer(ctx: Context, intents: Sequence[Intent]) -> Conform | None:
    """What is to be done with each intent once its resource is known; None when nothing is.

    It asks the database once whether definitions have changed, however many intents there are.
    """
    setting = ctx.settings.profile_validation
    if setting == "off" or not any(_may_matter(i, setting) for i in intents):
        return None
    validator = ctx.validators.current()
    return lambda intent: _conforming(validator, setting, intent)


def _may_matter(intent: Intent, setting: str) -> bool:
    if setting == "warn" and not intent.wants_issues:
        return False
    return intent.action == "patch" or _declares(intent.resource)


def _declares(resource: Resource | None) -> bool:
    """Whether a resource, one that it contains or one in its entries declares a profile."""
    if resource is None:
        return False
    if resource.get("meta", {}).get("profile"):
        return True
    inside = list(resource.get("contained", ()))
    if resource["resourceType"] == "Bundle":
        inside += [e["resource"] for e in resource.get("entry", ()) if "resource" in e]
    return any(_declares(r) for r in inside)


def _conforming(validator: Validator, setting: str, intent: Intent) -> Intent:
    """The intent as it may be written; raises Invalid when a profile is broken and must not be."""
    resource = intent.resource
    if resource is None or intent.action == "delete" or not _may_matter(intent, setting):
        return intent
    issues = validator.check_declared(resource) if _declares(resource) else []
    is_broken = any(i.severity in _ERRORS for i in issues)
    if setting == "reject" and is_broken:
        raise Invalid(issues=[i for i in issues if i.severity in _ERRORS])
    told = tuple(_as_warning(i) for i in issues) if intent.wants_issues else ()
    if setting == "tag":
        resource = _tagged(resource, is_broken=is_broken)
    return changed(intent, resource=resource, issues=told)


def _as_warning(issue: Issue) -> Issue:
    return replace(issue, severity="warning") if issue.severity in _ERRORS else issue


def _tagged(resource: Resource, *, is_broken: bool) -> Resource:
    """With the tag if a profile is broken, and without it otherwise."""
    meta = resource.get("meta", {})
    tags = [t for t in meta.get("tag", ()) if not _is_ours(t)]
    if is_broken:
        tags.append(TAG)
    if tags == meta.get("tag", []):
        return resource
    meta = {k: v for k, v in meta.items() if k != "tag"} | ({"tag": tags} if tags else {})
    return {**resource, "meta": meta}


def _is_ours(tag: Resource) -> bool:
    return (tag.get("system"), tag.get("code")) == (TAG["system"], TAG["code"])
