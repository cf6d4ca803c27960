"""What a guide requires of servers, and a CapabilityStatement."""

from __future__ import annotations

from fhirserver.model.requirements import EXPECTATION, is_for_servers, unmet


def strength(code: str) -> dict:
    return {"extension": [{"url": EXPECTATION, "valueCode": code}]}


def statement(kind: str = "requirements", mode: str = "server", **resource) -> dict:
    return {
        "resourceType": "CapabilityStatement",
        "kind": kind,
        "format": ["json"],
        "rest": [{"mode": mode, "resource": [{"type": "Patient", **resource}]}],
    }


OURS = statement(
    kind="instance",
    interaction=[{"code": "read"}],
    searchParam=[{"name": "name"}],
    searchInclude=["*"],
    supportedProfile=["http://acme.org/p"],
)


def test_what_is_there_is_met() -> None:
    required = statement(
        interaction=[{"code": "read"}],
        searchParam=[{"name": "name"}],
        searchInclude=["Patient:organization"],
        supportedProfile=["http://acme.org/p|1.0.0"],
    )

    assert unmet(required, OURS) == []


def test_what_is_not_there_is_named() -> None:
    required = statement(
        interaction=[{"code": "vread"}],
        searchParam=[{"name": "colour"}],
        operation=[{"name": "$paint"}],
        searchRevInclude=["Provenance:target"],
        supportedProfile=["http://acme.org/q"],
    )

    assert unmet(required, OURS) == [
        "Patient: profile http://acme.org/q",
        "Patient: vread",
        "Patient: parameter colour",
        "Patient: $paint",
        "Patient: searchRevInclude Provenance:target",
    ]


def test_only_what_shall_be_counts() -> None:
    required = statement(
        interaction=[{"code": "vread", **strength("SHOULD")}],
        searchParam=[{"name": "colour", **strength("MAY")}],
        supportedProfile=["http://acme.org/q", "http://acme.org/r"],
        _supportedProfile=[strength("SHOULD"), strength("SHALL")],
    )

    assert unmet(required, OURS) == ["Patient: profile http://acme.org/r"]


def test_formats_have_two_names() -> None:
    required = statement() | {"format": ["json", "xml"]}

    assert unmet(required, OURS | {"format": ["application/fhir+json"]}) == ["format xml"]


def test_what_is_required_of_clients_is_none_of_a_servers_business() -> None:
    assert not is_for_servers(statement(mode="client"))
    assert not is_for_servers(OURS)
    assert is_for_servers(statement())
