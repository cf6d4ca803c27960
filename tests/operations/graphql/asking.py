"""Queries over HTTP."""

from __future__ import annotations

from tests.answers import done


def asked(client, query, where="", **more):
    answer = client.post(f"/fhir/{where}$graphql", json={"query": query, **more})
    body = done(answer)
    assert answer.content_type == "application/json; charset=utf-8"
    assert set(body) == {"data"}
    return body["data"]


def refused(client, query, status=400, where="", **more):
    """The first error with which a query was refused."""
    answer = client.post(f"/fhir/{where}$graphql", json={"query": query, **more})
    assert answer.status_code == status, answer.text[:500]
    assert answer.content_type == "application/json; charset=utf-8"
    assert answer.json["data"] is None
    error = answer.json["errors"][0]
    issue = error["extensions"]["resource"]["issue"][0]
    assert issue["diagnostics"] == error["message"]
    return error


def bomb(levels):
    """Each fragment has the next one twice."""
    parts = [
        f"fragment F{n} on Patient {{ a: link {{ other {{ resource {{ ...F{n + 1} }} }} }} "
        f"b: link {{ other {{ resource {{ ...F{n + 1} }} }} }} }}"
        for n in range(levels)
    ]
    return f"{{ PatientList {{ ...F0 }} }} {' '.join(parts)} fragment F{levels} on Patient {{ id }}"
