"""What the CapabilityStatement says is so: all that it lists works, and nothing else does.

Requests go to the engine by their addresses, as from the web or a Bundle.
"""

from __future__ import annotations

import random
from urllib.parse import parse_qsl

import pytest

from fhirserver.access.principal import Principal
from fhirserver.access.scopes import scopes
from fhirserver.errors import FhirError, Gone, NotFound
from fhirserver.interactions.messages import FhirRequest
from fhirserver.interactions.operation import operations
from fhirserver.interactions.routing import route
from fhirserver.model import json
from fhirserver.validation import check
from tests.minimal import minimal

EVERYTHING = Principal("test", scopes("system/*.cruds"))
BY_TYPE = {
    "date": "2020-01-01", "number": "1", "quantity": "1", "reference": "Patient/1", "string": "a",
    "token": "true", "uri": "http://a.example",
}  # fmt: skip
BY_NAME = {
    "near": "48.2|16.3|10|km", "_filter": "_id eq a", "_list": "1", "_text": "a", "_content": "a",
    "_lastUpdated": "gt2020",
}  # fmt: skip


@pytest.fixture(scope="module")
def ask(app):
    """Asks the engine: method, address below the base, body; the resource, or the error raised."""
    engine = app.extensions["fhirserver"]
    definitions = engine.context.definitions

    def asked(method, address, body=None, **more):
        path, _, query = address.partition("?")
        found = route(method, path.split("/") if path else [], definitions)
        request = FhirRequest(
            found.interaction, EVERYTHING, found.type, found.id, found.version, found.operation,
            method == "POST", tuple(parse_qsl(query, keep_blank_values=True)), body, **more,
        )  # fmt: skip
        return engine.handle(request)

    return asked


@pytest.fixture(scope="module")
def statement(ask):
    return json.parse(ask("GET", "metadata").content)


@pytest.fixture(scope="module")
def listed(statement):
    """The CapabilityStatement's resources by type."""
    return {r["type"]: r for r in statement["rest"][0]["resource"]}


def is_refused(ask, method, address, body=None):
    """Whether something is refused as not being here, or not being done here."""
    try:
        ask(method, address, body)
    except Gone:
        return False
    except NotFound as error:
        return "doesn't exist" not in str(error)
    except FhirError as error:
        return error.code == "not-supported" or "search parameter" in str(error)
    return False


def test_every_interaction_of_every_type_works(ask, listed):
    for name, resource in listed.items():
        done = {}
        created = ask("POST", name, minimal(name))
        done["create"] = created.status == 201
        address = created.location.partition("/_history")[0]
        stored = json.parse(ask("GET", address).content)
        done["read"] = stored["resourceType"] == name
        done["vread"] = ask("GET", f"{address}/_history/1").content is not None
        if name == "AuditEvent":
            assert {"update", "patch", "delete"}.isdisjoint(
                i["code"] for i in resource["interaction"]
            )
            continue
        changed = stored | {"language": "en"}
        done["update"] = ask("PUT", address, changed).version == 2
        patch = [{"op": "replace", "path": "/language", "value": "de"}]
        done["patch"] = ask("PATCH", address, patch, patch_format="json-patch").version == 3
        history = json.parse(ask("GET", f"{address}/_history").content)
        done["history-instance"] = history["total"] == 3
        of_type = json.parse(ask("GET", f"{name}/_history?_count=1").content)
        done["history-type"] = len(of_type["entry"]) == 1
        found = json.parse(ask("GET", f"{name}?_id={address.partition('/')[2]}").content)
        done["search-type"] = found["total"] == 1
        done["delete"] = ask("DELETE", address).status in {200, 204}

        assert {i["code"] for i in resource["interaction"]} == {c for c, is_ in done.items() if is_}


def test_what_it_says_of_conditions_and_versions_is_so(ask, listed):
    """These are the same code for every type but the record's."""
    assert {
        (r["versioning"], r["readHistory"], r["updateCreate"], r["conditionalCreate"],
         r["conditionalRead"], r["conditionalUpdate"], r["conditionalDelete"])
        for r in listed.values()
        if r["type"] != "AuditEvent"
    } == {("versioned-update", True, True, True, "full-support", True, "single")}  # fmt: skip

    body = minimal("Basic") | {"identifier": [{"system": "http://a.example/truth", "value": "1"}]}
    criteria = "identifier=http://a.example/truth|1"
    assert ask("PUT", "Basic/truth-1", body | {"id": "truth-1"}).status == 201
    assert ask("POST", "Basic", body, if_none_exist=criteria).status == 200
    assert ask("GET", "Basic/truth-1", if_none_match='W/"1"').status == 304
    assert ask("PUT", f"Basic?{criteria}", body | {"language": "en"}).status == 200
    with pytest.raises(FhirError) as error:
        ask("PUT", "Basic/truth-1", body | {"id": "truth-1"}, if_match='W/"1"')
    assert error.value.status == 412
    assert ask("GET", "Basic/truth-1/_history/1").content is not None
    ask("PUT", "Basic/truth-2", body | {"id": "truth-2"})
    with pytest.raises(FhirError) as error:
        ask("DELETE", f"Basic?{criteria}")
    assert error.value.status == 412
    ask("DELETE", "Basic/truth-2")
    assert ask("DELETE", f"Basic?{criteria}").status in {200, 204}


def test_the_interactions_of_the_whole_server_work(ask, statement):
    done = {
        kind: json.parse(ask("POST", "", {"resourceType": "Bundle", "type": kind}).content)["type"]
        == f"{kind}-response"
        for kind in ("batch", "transaction")
    }
    done["search-system"] = ask("GET", "?_type=Basic&_count=1").status == 200
    done["history-system"] = ask("GET", "_history?_count=1").status == 200

    codes = {i["code"] for i in statement["rest"][0]["interaction"]}
    assert codes == {c for c, is_ in done.items() if is_}


def asked_with(parameter, of_type, referring):
    """Names and values of a search by a parameter."""
    name, kind = parameter["name"], parameter["type"]
    if name == "_has":
        return f"_has:{referring}:_id", "1"
    if kind != "composite":
        return name, BY_NAME.get(name, BY_TYPE.get(kind))
    values = ["1" if c.parameter.type == "number" else BY_TYPE[c.parameter.type]
              for c in of_type[name].components]  # fmt: skip
    return name, "$".join(values)


def test_every_listed_search_parameter_is_answered(app, ask, listed):
    parameters = app.extensions["fhirserver"].context.parameters
    asked = 0
    for name, resource in listed.items():
        of_type = parameters.for_type(name)
        pairs = [
            asked_with(p, of_type, resource["searchRevInclude"][-1])
            for p in resource["searchParam"]
        ]
        # Eight at a time: a statement with forty conditions takes long to plan.
        for start in range(0, len(pairs), 8):
            query = "&".join(f"{k}={v}" for k, v in pairs[start : start + 8])
            assert ask("GET", f"{name}?{query}&_count=1").status == 200
            asked += len(pairs[start : start + 8])

    assert asked > 3000


def test_every_listed_search_parameter_of_all_types_is_answered(ask, statement):
    for parameter in statement["rest"][0]["searchParam"]:
        if parameter["name"] not in {"_has", "_filter"}:
            key, value = asked_with(parameter, {}, "")
            assert ask("GET", f"?{key}={value}&_count=1").status == 200


def test_search_parameters_that_are_not_listed_are_refused(ask, listed):
    every = sorted({p["name"] for r in listed.values() for p in r["searchParam"]})
    for name, resource in listed.items():
        here = {p["name"] for p in resource["searchParam"]}
        others = [code for code in every if code not in here]
        for code in random.Random(name).sample(others, 3):
            assert is_refused(ask, "GET", f"{name}?{code}=1"), (name, code)


def test_every_listed_inclusion_is_answered(ask, listed):
    for name, resource in listed.items():
        for parameter, key in (("_include", "searchInclude"), ("_revinclude", "searchRevInclude")):
            values = resource[key]
            for start in range(0, len(values), 100):
                query = "&".join(f"{parameter}={v}" for v in values[start : start + 100])
                assert ask("GET", f"{name}?{query}&_count=1").status == 200


def test_inclusions_that_are_not_listed_are_refused(ask, listed):
    every = {v for r in listed.values() for v in r["searchInclude"] if v != "*"}
    for name, resource in listed.items():
        for parameter, key in (("_include", "searchInclude"), ("_revinclude", "searchRevInclude")):
            others = sorted(every - set(resource[key]))
            for value in random.Random(name).sample(others, min(2, len(others))):
                with pytest.raises(FhirError):
                    ask("GET", f"{name}?{parameter}={value}")


def test_operations_are_there_where_they_are_listed_and_nowhere_else(ask, statement, listed):
    names = sorted({o.name for o in operations.values()})
    for name, resource in listed.items():
        here = {o["name"] for o in resource.get("operation", ())}
        for called in names:
            # With a body that no operation takes, so that it is refused before it does anything.
            refused = all(
                is_refused(ask, "POST", f"{place}/${called}", []) for place in (name, f"{name}/1")
            )
            assert refused != (called in here), (name, called)
    here = {o["name"] for o in statement["rest"][0]["operation"]}
    for called in names:
        assert is_refused(ask, "POST", f"${called}", []) != (called in here), called


def test_operations_are_at_the_levels_of_their_definitions_or_it_is_said(app, statement, listed):
    find = app.extensions["fhirserver"].context.conformance.find
    documented = {
        # SQL on FHIR's address has the operation's dollar sign, which no id may have.
        o["definition"].rpartition("/")[2].removeprefix("$"): o.get("documentation")
        for of in (statement["rest"][0], *listed.values())
        for o in of.get("operation", ())
    }
    for made in operations.values():
        definition = find("OperationDefinition", made.definition)
        if definition is not None:
            levels = {level for level in ("system", "type", "instance") if definition.get(level)}
            assert made.levels <= levels, made.name
            assert (levels == made.levels) == (documented[definition["id"]] is None), made.name


def test_every_search_parameter_s_definition_can_be_found(app, listed):
    find = app.extensions["fhirserver"].context.conformance.find
    for resource in listed.values():
        assert find("StructureDefinition", resource["profile"]) is not None
        for parameter in resource["searchParam"]:
            definition = parameter.get("definition")
            if definition is None:  # R4 has none of them
                assert parameter["name"] in {"_has", "_list"}
            else:
                assert find("SearchParameter", definition)["code"] == parameter["name"]


def test_every_compartment_can_be_searched(app, ask, statement):
    find = app.extensions["fhirserver"].context.conformance.find
    for url in statement["rest"][0]["compartment"]:
        name = find("CompartmentDefinition", url)["code"]
        assert ask("GET", f"{name}/1/*?_count=1").status == 200
    assert is_refused(ask, "GET", "Location/1/Encounter")


def test_it_is_valid_and_the_same_from_every_process(app, make_app, statement):
    assert check(statement) == []
    one = app.test_client().get("/fhir/metadata")
    other = make_app().test_client().get("/fhir/metadata")
    assert other.json == one.json
    assert other.headers["ETag"] == one.headers["ETag"]


def test_its_date_is_that_of_the_last_change(ask, client):
    before = json.parse(ask("GET", "metadata").content)["date"]
    body = minimal("CodeSystem") | {"url": "http://a.example/dated", "content": "complete"}
    stored = client.post("/fhir/CodeSystem", json=body).json

    after = json.parse(ask("GET", "metadata").content)

    assert before < after["date"] == stored["meta"]["lastUpdated"]
    terminology = client.get("/fhir/metadata?mode=terminology")
    assert terminology.json["date"] == after["date"]
    assert {"uri": "http://a.example/dated"} in terminology.json["codeSystem"]
    tag = {"If-None-Match": terminology.headers["ETag"]}
    assert client.get("/fhir/metadata?mode=terminology", headers=tag).status_code == 304
    client.delete(f"/fhir/CodeSystem/{stored['id']}")


@pytest.mark.parametrize(
    ("mode", "most"),
    # Each operation's definition is looked up, in two statements.
    [("full", 2 * len({o.definition for o in operations.values()}) + 10), ("terminology", 6)],
)
def test_it_is_made_with_few_statements_and_then_kept(client, query_recorder, mode, most):
    body = minimal("CodeSystem") | {"url": "http://a.example/new", "content": "complete"}
    stored = client.post("/fhir/CodeSystem", json=body).json
    query_recorder.clear()

    assert client.get(f"/fhir/metadata?mode={mode}").status_code == 200

    assert len(query_recorder) <= most
    query_recorder.clear()
    client.get(f"/fhir/metadata?mode={mode}")
    assert len(query_recorder) <= 2
    client.delete(f"/fhir/CodeSystem/{stored['id']}")


@pytest.mark.parametrize("kind", ["json", "xml"])
def test_every_listed_format_is_written_and_read(client, statement, kind):
    for written in [f for f in statement["format"] if kind in f]:
        answer = client.get("/fhir/metadata", headers={"Accept": written if "/" in written else ""})
        if "/" not in written:
            answer = client.get(f"/fhir/metadata?_format={written}")
        assert answer.status_code == 200
        assert kind in answer.headers["Content-Type"]
        sent = client.get("/fhir/CompartmentDefinition/patient", query_string={"_format": kind})
        done = client.post(
            "/fhir/$convert", data=sent.data, content_type=f"application/fhir+{kind}"
        )
        assert done.status_code == 200


def test_every_listed_patch_format_is_taken(client, statement):
    assert client.put("/fhir/Basic/patched", json=minimal("Basic") | {"id": "patched"}).status_code
    for sent in [*statement["patchFormat"]]:
        answer = client.patch("/fhir/Basic/patched", data="-", content_type=sent)
        assert answer.status_code == 400, sent
    assert client.patch("/fhir/Basic/patched", data="-", content_type="a/b").status_code == 415
