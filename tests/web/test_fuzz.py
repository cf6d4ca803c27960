"""Whatever is sent, the answer is below 500 and a refusal is an OperationOutcome."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import a_patient, an_observation

FUZZ = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["Patient", "Patient/1", "#a", "urn:uuid:1", "2020-01-01", "POST", "batch"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["resourceType", "id", "meta", "name", "extension", "url", "entry", "request", "method",
             "resource", "contained", "text", "div", "identifier", "subject", "reference", "type",
             "_id", "_name", "valueQuantity", "value", "code", "data", "contentType", "fullUrl"]
        )
        | st.text(max_size=8),
        inner,
        max_size=5,
    ),
    max_leaves=25,
)  # fmt: skip

SEGMENT = st.sampled_from(
    ["Patient", "Observation", "Binary", "Bundle", "_history", "_search", "metadata", "1", "*",
     "$everything", "..", ".", "", "Foo", "a" * 65, "%2F", "%zz", "%00", "é", "1|2"]
) | st.text(string.printable.strip() + "é☃", max_size=10)  # fmt: skip

NAME = st.sampled_from(
    ["_id", "name", "birthdate", "_sort", "_count", "_include", "_revinclude", "_summary", "_total",
     "_elements", "_has:Observation:patient:code", "_filter", "_type", "_page", "_since", "_at",
     "_format", "_pretty", "identifier", "general-practitioner.name", "name:exact", "_lastUpdated",
     "_text", "_content", "_list", "near", "code-value-quantity", "value-quantity", "_tag:not",
     "identifier:of-type", "birthdate:missing", "subject:Patient.name", "_profile:below"]
) | st.text(max_size=12)  # fmt: skip

VALUE = st.sampled_from(
    ["", "a", "1", "-1", "gt2020", "2020-02-30", "a|b", "|", "|b", "a|", "a,b", "\\,", "$", "a$b",
     "true", "Patient/1", "Patient:organization", "*", "5.4|http://x|mg", "1e400", "ap1e-999",
     "((", "name eq a", "0000", "9999-12-31T23:59:59.999+14:00", "http://x", "\x00", "\ud83d\ude00"]
) | st.text(max_size=20)  # fmt: skip

HEADER = st.sampled_from(
    ["Accept", "Prefer", "If-Match", "If-None-Match", "If-None-Exist", "If-Modified-Since",
     "Content-Encoding", "Accept-Encoding", "X-Request-Id", "X-Security-Context", "Accept-Charset"]
)  # fmt: skip

HEADER_VALUE = st.text(
    st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=30
) | st.sampled_from(
    ['W/"1"', "*", "application/fhir+json", "return=minimal", "gzip", "identifier=a|b", "_id=1",
     "Tue, 01 Jan 2030 00:00:00 GMT", "Tue, 01 Jan 99999 00:00:00 GMT", "handling=lenient"]
)  # fmt: skip

CONTENT_TYPE = st.sampled_from(
    ["application/fhir+json", "application/json", "application/json-patch+json", "text/plain",
     "application/fhir+xml", "application/merge-patch+json", "application/x-www-form-urlencoded", None, "", 'a/b; c="d']
)  # fmt: skip

METHOD = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])


def holds(answer):
    """What every answer must be."""
    assert answer.status_code < 500, answer.text[:300]
    assert "X-Request-Id" in answer.headers
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        assert answer.json["resourceType"] == "OperationOutcome"
        assert answer.json["issue"]


@pytest.fixture(autouse=True)
def patient(client):
    """There is something to read, patch and delete."""
    client.put("/fhir/Patient/1", json=a_patient(id="1"))


@FUZZ
@given(
    method=METHOD,
    segments=st.lists(SEGMENT, max_size=5),
    query=st.lists(st.tuples(NAME, VALUE), max_size=4),
    headers=st.lists(st.tuples(HEADER, HEADER_VALUE), max_size=3),
    body=ANYTHING,
    content_type=CONTENT_TYPE,
)
def test_any_request_is_answered(client, method, segments, query, headers, body, content_type):
    path = "/".join(["/fhir", *segments]).partition("?")[0].partition("#")[0]

    answer = client.open(
        path,
        method=method,
        query_string={k: v.encode("utf-8", "surrogatepass") for k, v in query},
        headers=[*headers],
        data=json.dumps(body),
        content_type=content_type,
    )

    holds(answer)


@FUZZ
@given(query=st.binary(max_size=60), form=st.binary(max_size=60))
def test_any_bytes_in_address_and_form_are_answered(client, query, form):
    answer = client.post(
        "/fhir/Patient/_search",
        environ_overrides={"QUERY_STRING": query.decode("latin-1")},
        data=form,
        content_type="application/x-www-form-urlencoded",
    )

    holds(answer)


@FUZZ
@given(query=st.lists(st.tuples(NAME, VALUE), min_size=1, max_size=4), where=st.sampled_from(
    ["/fhir/Patient", "/fhir/Observation", "/fhir/Location", "/fhir", "/fhir/Patient/1/Observation",
     "/fhir/_history", "/fhir/Patient/1/_history", "/fhir/Patient/1", "/fhir/Patient/1/*"]
))  # fmt: skip
def test_any_search_is_answered(client, query, where):
    text = [(k, v.encode("utf-8", "surrogatepass")) for k, v in query]

    holds(client.get(where, query_string=dict(text)))


@FUZZ
@given(body=st.binary(max_size=200), gzip=st.booleans())
def test_any_bytes_in_a_body_are_answered(client, body, gzip):
    headers = {"Content-Encoding": "gzip"} if gzip else {}

    holds(client.post("/fhir/Patient", data=body, content_type="application/json", headers=headers))


@FUZZ
@given(elements=st.dictionaries(st.sampled_from(
    ["id", "meta", "name", "birthDate", "extension", "contained", "text", "identifier", "subject",
     "valueQuantity", "component", "_birthDate", "link", "deceasedBoolean", "effectivePeriod",
     "implicitRules", "code", "referenceRange", "valueSampledData", "note", "photo", "contact"]
), ANYTHING, max_size=4), builder=st.sampled_from([a_patient, an_observation]))  # fmt: skip
def test_any_resource_is_stored_or_refused_and_what_is_stored_can_be_read(
    client, elements, builder
):
    body = builder(**elements)

    answer = client.post(f"/fhir/{body['resourceType']}", json=body)

    holds(answer)
    if answer.status_code == 201:
        assert client.get(f"/fhir/{body['resourceType']}/{answer.json['id']}").status_code == 200


ENTRY = st.fixed_dictionaries(
    {
        "request": st.fixed_dictionaries(
            {
                "method": st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]),
                "url": st.sampled_from(
                    ["Patient", "Patient/1", "Patient?identifier=a", "Patient?_id=1", "Binary",
                     "Patient/1/_history", "Patient/1/_history/1", "metadata", "_history", "/",
                     "Patient?foo=bar", "Patient/_search", "Patient/1/Observation", "Foo", "%00",
                     "http://127.0.0.1:8000/fhir/Patient/1", "Patient?", "?_type=Patient"]
                ),
            },
            optional={
                "ifMatch": st.sampled_from(['W/"1"', "x y", "9" * 5000]),
                "ifNoneMatch": st.sampled_from(["*", 'W/"1"', "%%"]),
                "ifNoneExist": st.sampled_from(["identifier=a", "", "foo=bar", "_id=%00"]),
                "ifModifiedSince": st.just("2020-01-01T00:00:00Z"),
            },
        )
    },
    optional={
        "fullUrl": st.sampled_from(["urn:uuid:1", "http://x.example/Patient/1"]),
        "resource": ANYTHING
        | st.sampled_from(
            [
                a_patient(),
                a_patient(id="1", link=[{"type": "refer", "other": {"reference": "urn:uuid:1"}}]),
                an_observation(subject={"reference": "Patient?identifier=a"}),
                {"resourceType": "Binary", "contentType": "application/json-patch+json",
                 "data": "W10="},
                {"resourceType": "Bundle", "type": "batch"},
            ]
        ),
    },
)  # fmt: skip


@FUZZ
@given(kind=st.sampled_from(["batch", "transaction"]), entries=st.lists(ENTRY, max_size=5))
def test_any_bundle_is_answered(client, kind, entries):
    answer = client.post("/fhir", json={"resourceType": "Bundle", "type": kind, "entry": entries})

    holds(answer)


OPERATION = st.fixed_dictionaries(
    {},
    optional={
        "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "x"]),
        "path": st.sampled_from(
            ["", "/", "/name", "/name/0", "/name/-", "/name/0/family", "/meta/versionId", "/id",
             "/name/01", "/a~1b", "/~", "/name/0/given/0", "/extension", "/text/div", "/active"]
        ),
        "from": st.sampled_from(["", "/name", "/name/0", "/x"]),
        "value": ANYTHING,
    },
)  # fmt: skip


@FUZZ
@given(operations=st.lists(OPERATION, max_size=4) | ANYTHING)
def test_any_json_patch_is_answered(client, operations):
    holds(
        client.patch("/fhir/Patient/1", json=operations, content_type="application/json-patch+json")
    )


@FUZZ
@given(patch=ANYTHING)
def test_any_merge_patch_is_answered(client, patch):
    holds(client.patch("/fhir/Patient/1", json=patch, content_type="application/merge-patch+json"))
