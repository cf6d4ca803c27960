"""What tests say of answers."""

from __future__ import annotations

from typing import Any

from werkzeug.test import TestResponse

Resource = dict[str, Any]


def refused(answer: TestResponse, status: int) -> Resource:
    """The first issue of the OperationOutcome with which a request was refused."""
    assert answer.status_code == status, (answer.status_code, answer.text[:500])
    assert answer.json["resourceType"] == "OperationOutcome"
    assert all(i["severity"] in {"fatal", "error"} for i in answer.json["issue"])
    assert answer.headers["Content-Type"].startswith("application/fhir+json")
    return answer.json["issue"][0]


def place_of(issue: Resource) -> str | None:
    """Where an issue is, as FHIRPath."""
    return next(iter(issue.get("expression", ())), None)


def done(answer: TestResponse, status: int = 200) -> Resource:
    """The body of an answer with this status."""
    assert answer.status_code == status, (answer.status_code, answer.text[:800])
    return answer.json


def links(bundle: Resource) -> dict[str, str]:
    """The links of a Bundle by relation, as paths that a test client takes."""
    return {li["relation"]: path(li["url"]) for li in bundle.get("link", [])}


def path(url: str) -> str:
    """An absolute address below our base as a path."""
    return "/fhir" + url.partition("/fhir")[2]


def resources(bundle: Resource) -> list[Resource]:
    return [e["resource"] for e in bundle.get("entry", []) if "resource" in e]


def ids_of(bundle: Resource) -> list[str]:
    return [r["id"] for r in resources(bundle)]


def statuses(bundle: Resource) -> list[str]:
    """The status codes of a batch or transaction response."""
    return [e["response"]["status"][:3] for e in bundle.get("entry", [])]
