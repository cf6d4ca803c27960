"""https://hl7.org/fhir/R4/operations.html"""

from __future__ import annotations

from decimal import Decimal

import pytest

from fhirserver.access.principal import Principal
from fhirserver.errors import FhirError, Invalid
from fhirserver.interactions.inputs import inputs_of
from fhirserver.interactions.messages import FhirRequest
from fhirserver.interactions.operation import ANY, Operation, Parameter, operations
from tests.answers import done, place_of, refused, resources, statuses
from tests.builders import a_batch, a_patient, a_transaction, an_entry

INPUTS = (
    Parameter("on", "boolean"),
    Parameter("number", "positiveInt"),
    Parameter("amount", "decimal"),
    Parameter("code", "code", max=None),
    Parameter("coding", "Coding"),
    Parameter("resource", "Resource"),
    Parameter("any", "*"),
    Parameter("group", parts=(Parameter("name", "string", min=1), Parameter("value", "Quantity"))),
)


def an_operation(*inputs: Parameter, is_open: bool = False) -> Operation:
    return Operation(
        "test", "", frozenset({"system"}), (), inputs or INPUTS, False, None, is_open,
        lambda ctx, call: None,
    )  # fmt: skip


def asked(*pairs, body=None, op=None):
    return understood(*pairs, body=body, op=op)[0]


def understood(*pairs, body=None, op=None):
    request = FhirRequest("operation", Principal("test", ()), query=pairs, body=body)
    return inputs_of(op or an_operation(), request)


def parameters(*parameter):
    made = {"resourceType": "Parameters"}
    return made | {"parameter": list(parameter)} if parameter else made


# What comes in


def test_an_address_gives_primitives_of_their_type():
    inputs = asked(
        ("on", "true"), ("number", "3"), ("amount", "1.10"), ("code", "a"), ("code", "b")
    )

    assert inputs.one("on") is True
    assert inputs.one("number") == 3
    assert str(inputs.one("amount")) == "1.10"
    assert list(inputs.all("code")) == ["a", "b"]
    assert inputs.one("coding") is None


@pytest.mark.parametrize(
    ("name", "text"),
    [("on", "yes"), ("on", ""), ("number", "0"), ("number", "1.5"), ("number", "9" * 200),
     ("amount", "NaN"), ("code", " a"), ("coding", ""), ("coding", "a b|c"), ("group", "x"), ("other", "x")],
)  # fmt: skip
def test_an_address_with_another_value_is_refused(name, text):
    with pytest.raises(Invalid, match=name):
        asked((name, text))


def test_an_address_gives_a_coding_as_a_search_has_it():
    assert asked(("coding", "http://a.example|b")).one("coding") == {
        "system": "http://a.example", "code": "b",
    }  # fmt: skip
    assert asked(("coding", "b")).one("coding") == {"code": "b"}


def test_a_body_gives_values_resources_and_parts():
    inputs = asked(
        body=parameters(
            {"name": "coding", "valueCoding": {"code": "a"}},
            {"name": "resource", "resource": a_patient()},
            {"name": "any", "valueDate": "2020"},
            {"name": "group", "part": [{"name": "name", "valueString": "x"}]},
        )
    )

    assert inputs.one("coding") == {"code": "a"}
    assert inputs.one("resource")["resourceType"] == "Patient"
    assert inputs.one("any") == "2020"
    assert inputs.one("group").one("name") == "x"
    assert inputs.place("coding") == "Parameters.parameter[0].valueCoding"


def test_a_code_may_be_sent_as_a_string_and_a_decimal_as_an_integer():
    inputs = asked(
        body=parameters({"name": "code", "valueString": "a"}, {"name": "amount", "valueInteger": 2})
    )

    assert (inputs.one("code"), inputs.one("amount")) == ("a", 2)


@pytest.mark.parametrize(
    ("parameter", "place"),
    [
        ({"name": "on", "valueString": "true"}, "Parameters.parameter[0].valueString"),
        ({"name": "number", "valueInteger": 0}, "Parameters.parameter[0].valueInteger"),
        ({"name": "coding", "valueString": "a"}, "Parameters.parameter[0].valueString"),
        ({"name": "resource", "valueString": "a"}, "Parameters.parameter[0]"),
        ({"name": "coding", "resource": a_patient()}, "Parameters.parameter[0]"),
        ({"name": "other", "valueString": "a"}, "Parameters.parameter[0].name"),
        ({"name": "coding", "valueCoding": {"code": 1}}, "Parameters.parameter[0].value.code"),
        ({"name": "resource", "resource": a_patient(gender="x")},
         "Parameters.parameter[0].resource.gender"),
        ({"name": "group", "part": [{"name": "value", "valueQuantity": {"value": 1}}]},
         "Parameters.parameter[0]"),
        ({"name": "group", "part": [{"name": "name", "valueBoolean": True}]},
         "Parameters.parameter[0].part[0].valueBoolean"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_refused_with_its_place(parameter, place):
    with pytest.raises(FhirError) as error:
        asked(body=parameters(parameter))

    assert error.value.issues[0].expression == place


def test_what_may_come_once_may_not_come_twice():
    twice = {"name": "on", "valueBoolean": True}

    with pytest.raises(Invalid) as error:
        asked(body=parameters(twice, twice))

    assert error.value.issues[0].expression == "Parameters.parameter[1].valueBoolean"
    with pytest.raises(Invalid, match="at most once"):
        asked(("on", "true"), body=parameters(twice))


def test_what_is_needed_must_be_there():
    with pytest.raises(Invalid, match="needs the parameter code") as error:
        asked(op=an_operation(Parameter("code", "code", min=1)))

    assert error.value.issues[0].code == "required"


def test_the_only_resource_may_stand_alone_in_the_body():
    op = an_operation(Parameter("code", "code"), Parameter("resource", "Resource"))

    inputs = asked(("code", "a"), body=a_patient(), op=op)

    assert inputs.one("resource") == a_patient()
    assert inputs.one("code") == "a"


def test_an_unchecked_resource_is_handed_over_as_it_is():
    op = an_operation(Parameter("resource", "Resource", is_checked=False))
    wrong = a_patient(gender="x")

    assert (
        asked(body=parameters({"name": "resource", "resource": wrong}), op=op).one("resource")
        == wrong
    )
    assert asked(body=wrong, op=op).one("resource") == wrong


def test_other_parameters_are_for_open_operations():
    body = parameters(
        {"name": "date", "valueDate": "2020"}, {"name": "amount", "valueDecimal": Decimal("1.10")}
    )

    _, others = understood(
        ("patient", "1"), body=body, op=an_operation(Parameter("x"), is_open=True)
    )

    assert others == (("patient", "1"), ("date", "2020"), ("amount", "1.10"))


# Where it is called


def test_an_operation_that_is_unknown_or_elsewhere_is_not_found(client):
    refused(client.get("/fhir/$nothing"), 404)
    refused(client.get("/fhir/Patient/$nothing"), 404)
    refused(client.get("/fhir/Patient/1/$nothing"), 404)
    refused(client.get("/fhir/Patient/1/_history/1/$meta"), 404)
    assert "on Patient" in refused(client.post("/fhir/Patient/$meta-add"), 404)["diagnostics"]


def test_an_operation_that_changes_something_takes_only_post(client):
    answer = client.get("/fhir/Patient/1/$meta-add")

    refused(answer, 405)
    assert answer.headers["Allow"] == "POST"
    refused(client.put("/fhir/Patient/1/$meta", json={}), 405)


def test_an_operation_needs_a_token_and_its_rights(client, token):
    made = done(client.post("/fhir/Patient", json=a_patient()), 201)
    address = f"/fhir/Patient/{made['id']}/$meta"

    refused(client.get(address, headers={"Authorization": ""}), 401)
    other = {"Authorization": f"Bearer {token('user/Observation.r')}"}
    assert "Patient.r" in refused(client.get(address, headers=other), 403)["diagnostics"]
    done(client.get(address, headers={"Authorization": f"Bearer {token('user/Patient.r')}"}))


def test_a_post_may_come_without_a_body(client):
    made = done(client.post("/fhir/Patient", json=a_patient()), 201)

    done(client.post(f"/fhir/Patient/{made['id']}/$meta"))
    assert client.head(f"/fhir/Patient/{made['id']}/$meta").status_code == 200


def test_bad_json_in_the_body_is_refused(client):
    refused(
        client.post("/fhir/Patient/1/$meta-add", data="{", content_type="application/json"), 400
    )
    refused(client.post("/fhir/Patient/1/$meta-add", data="a", content_type="text/plain"), 415)
    refused(client.post("/fhir/Patient/1/$meta-add", json=[]), 400)


# In Bundles


def a_tag(code="a"):
    return parameters({"name": "meta", "valueMeta": {"tag": [{"code": code}]}})


def test_a_batch_calls_operations(client):
    made = done(client.post("/fhir/Patient", json=a_patient()), 201)
    address = f"Patient/{made['id']}"

    answer = done(
        client.post(
            "/fhir",
            json=a_batch(
                an_entry("GET", f"{address}/$meta"),
                an_entry("POST", f"{address}/$meta-add", a_tag()),
                an_entry("POST", f"{address}/$nothing", a_tag()),
                an_entry("GET", f"{address}/$meta-add"),
                an_entry("POST", f"{address}/$meta-add", parameters()),
            ),
        )
    )

    assert statuses(answer) == ["200", "200", "404", "405", "400"]
    assert resources(answer)[0]["parameter"][0]["valueMeta"]["tag"] == [{"code": "a"}]
    assert (
        place_of(answer["entry"][4]["response"]["outcome"]["issue"][0])
        == "Bundle.entry[4].resource"
    )


def test_a_transaction_calls_operations_that_only_read(client):
    made = done(
        client.post(
            "/fhir",
            json=a_transaction(
                an_entry("GET", "Patient/seen/$meta"),
                an_entry(
                    "PUT", "Patient/seen", a_patient(id="seen", meta={"tag": [{"code": "x"}]})
                ),
            ),
        )
    )

    assert made["entry"][0]["resource"]["parameter"][0]["valueMeta"]["tag"] == [{"code": "x"}]


def test_a_transaction_refuses_operations_that_change_something(client):
    bundle = a_transaction(an_entry("POST", "Patient/seen/$meta-add", a_tag()))

    issue = refused(client.post("/fhir", json=bundle), 400)

    assert place_of(issue) == "Bundle.entry[0].request.url"


# What the server says of itself


def test_the_capabilities_list_every_operation_where_it_is(client):
    rest = done(client.get("/fhir/metadata"))["rest"][0]
    by_type = {r["type"]: {o["name"] for o in r.get("operation", ())} for r in rest["resource"]}

    for o in operations.values():
        if "system" in o.levels:
            assert o.name in {listed["name"] for listed in rest["operation"]}
        for resource_type in by_type if ANY in o.types else o.types:
            assert o.name in by_type[resource_type]


def test_every_definition_is_known(app):
    conformance = app.extensions["fhirserver"].context.conformance

    for o in operations.values():
        if (
            "/us/core/" in o.definition or "/uv/" in o.definition
        ):  # found where the guide is installed
            continue
        defined = conformance.find("OperationDefinition", o.definition)
        assert defined is not None, o.definition
        assert defined["code"] == o.name


def test_what_a_definition_lets_in_is_declared(app):
    """Parameters that are more or less than the definition's are listed here."""
    conformance = app.extensions["fhirserver"].context.conformance
    wrong = []

    for o in set(operations.values()):
        defined = conformance.find("OperationDefinition", o.definition)
        if defined is None:
            continue
        theirs = {p["name"] for p in defined.get("parameter", ()) if p["use"] == "in"}
        differing = theirs ^ {p.name for p in o.parameters}
        if differing != MORE_OR_LESS.get(o.definition, set()):
            wrong.append((o.definition, differing))

    assert wrong == []


_HL7 = "http://hl7.org/fhir/OperationDefinition/"
# What R5 and HL7's tools give all of these.
_OF_TOOLS = {"default-valueset-version", "useSupplement", "tx-resource"}
_OF_VERSIONS = {"system-version", "check-system-version", "force-system-version"}
_OF_SYSTEM = _OF_TOOLS | _OF_VERSIONS
_OF_CODE = _OF_SYSTEM | {"lenient-display-validation"}
_OF_CODES = _OF_CODE | {"activeOnly", "inferSystem", "valueset-membership-only"}
MORE_OR_LESS: dict[str, set[str]] = {
    f"{_HL7}CodeSystem-find-matches": _OF_SYSTEM | {"displayLanguage"},
    f"{_HL7}CodeSystem-lookup": _OF_SYSTEM,
    f"{_HL7}CodeSystem-subsumes": _OF_SYSTEM | {"displayLanguage"},
    f"{_HL7}CodeSystem-validate-code": _OF_CODE | {"system"},
    f"{_HL7}ConceptMap-translate": {
        f"{end}{what}"
        for end in ("source", "target")
        for what in ("Code", "System", "Coding", "CodeableConcept", "Scope")
    }
    | {"tx-resource"},
    f"{_HL7}Resource-graphql": {"operationName", "variables"},  # GraphQL's own
    f"{_HL7}ValueSet-expand": _OF_TOOLS | {"property"},
    f"{_HL7}ValueSet-validate-code": _OF_CODES,
}
