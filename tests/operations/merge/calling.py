"""Merging two patients, and undoing it."""

from __future__ import annotations

from tests.answers import done


def stored(client, resource):
    answer = client.post(f"/fhir/{resource['resourceType']}", json=resource)
    assert answer.status_code == 201, answer.text
    return answer.json


def read(client, resource):
    return done(client.get(f"/fhir/{resource['resourceType']}/{resource['id']}"))


def to(patient):
    return {"reference": f"Patient/{patient['id']}"}


def parameters(**given):
    types = {"Patient": "resource", "bool": "valueBoolean", "Identifier": "valueIdentifier"}
    made = []
    for name, value in given.items():
        key = "valueReference"
        if isinstance(value, bool):
            key = types["bool"]
        elif value.get("resourceType") == "Patient":
            key = types["Patient"]
        elif "value" in value:
            key = types["Identifier"]
        made.append({"name": name.replace("_", "-"), key: value})
    return {"resourceType": "Parameters", "parameter": made}


def merged(client, source, target, **more):
    body = parameters(source_patient=to(source), target_patient=to(target), **more)
    return client.post("/fhir/Patient/$merge", json=body)


def undone(client, source, **more):
    return client.post(
        "/fhir/Patient/$merge-undo", json=parameters(source_patient=to(source), **more)
    )


def part(answer, name):
    return next(p["resource"] for p in done(answer)["parameter"] if p["name"] == name)


def the_content(resource):
    return {k: v for k, v in resource.items() if k != "meta"}
