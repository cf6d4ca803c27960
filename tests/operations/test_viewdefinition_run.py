"""https://build.fhir.org/ig/FHIR/sql-on-fhir-v2/OperationDefinition-ViewDefinitionRun.html"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from base64 import b64decode, b64encode

import pyarrow.parquet as pq
import pytest

from tests.answers import done, refused
from tests.builders import a_batch, a_patient, a_transaction, an_entry

VIEW = {
    "resourceType": "ViewDefinition",
    "status": "active",
    "resource": "Patient",
    "where": [{"path": "identifier.where(system = 'http://tests.example/views').exists()"}],
    "select": [
        {
            "column": [
                {"name": "id", "path": "id", "type": "id"},
                {"name": "family", "path": "name.family", "type": "string"},
                {"name": "given", "path": "name.given", "type": "string", "collection": True},
                {"name": "weight", "path": "multipleBirth as integer", "type": "integer"},
            ]
        }
    ],
}


@pytest.fixture(scope="module")
def client(make_app, token):
    client = make_app().test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token()}"
    return client


@pytest.fixture(scope="module")
def ids(client):
    made = []
    for family, given in (("=1+1", ["Ada"]), ("Ng", ["Bo", "Li"]), ("Öz", [])):
        patient = a_patient() | {
            "identifier": [{"system": "http://tests.example/views", "value": family}],
            "name": [{"family": family} | ({"given": given} if given else {})],
            "multipleBirthInteger": 2,
        }
        made.append(done(client.post("/fhir/Patient", json=patient), 201)["id"])
    return made


def run(client, *parameters, query="", view=VIEW, **headers):
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "viewResource", "resource": view}, *parameters],
    }
    return client.post(f"/fhir/$viewdefinition-run{query}", json=body, headers=headers)


def lines(answer):
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def test_a_view_that_is_sent_gives_a_line_for_each_row(client, ids):
    answer = run(client)

    assert answer.content_type == "application/x-ndjson"
    assert lines(answer) == [
        {"id": ids[0], "family": "=1+1", "given": ["Ada"], "weight": 2},
        {"id": ids[1], "family": "Ng", "given": ["Bo", "Li"], "weight": 2},
        {"id": ids[2], "family": "Öz", "given": [], "weight": 2},
    ]


def test_json_is_an_array(client, ids):
    assert [r["id"] for r in run(client, query="?_format=json").json] == ids
    assert run(client, Accept="application/json").json == run(client, query="?_format=json").json
    nobody = VIEW | {"where": [{"path": "false"}]}
    assert run(client, query="?_format=json", view=nobody).json == []


def test_csv_has_no_cell_that_a_spreadsheet_would_carry_out(client, ids):
    answer = run(client, {"name": "_format", "valueCode": "csv"})

    assert answer.content_type == "text/csv; charset=utf-8"
    assert list(csv.reader(io.StringIO(answer.text))) == [
        ["id", "family", "given", "weight"],
        [ids[0], "'=1+1", '["Ada"]', "2"],
        [ids[1], "Ng", '["Bo","Li"]', "2"],
        [ids[2], "Öz", "[]", "2"],
    ]


def test_csv_may_do_without_its_header(client, ids):
    answer = run(client, {"name": "header", "valueBoolean": False}, query="?_format=csv")

    assert [row[0] for row in csv.reader(io.StringIO(answer.text))] == ids


def test_parquet_has_the_types_of_the_columns(client, ids):
    answer = run(client, Accept="application/vnd.apache.parquet")

    assert answer.content_type == "application/vnd.apache.parquet"
    table = pq.read_table(io.BytesIO(answer.data))
    assert [str(t) for t in table.schema.types] == [
        "string", "string", "list<element: string>", "int64",
    ]  # fmt: skip
    assert table.to_pylist()[1] == {
        "id": ids[1],
        "family": "Ng",
        "given": ["Bo", "Li"],
        "weight": 2,
    }


def test_a_workbook_has_texts_that_nothing_carries_out(client, ids):
    answer = run(client, query="?_format=xlsx")

    assert answer.content_type.startswith("application/vnd.openxmlformats")
    book = zipfile.ZipFile(io.BytesIO(answer.data))
    texts = re.findall("<t[^>]*>(.*?)</t>", book.read("xl/sharedStrings.xml").decode())
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert {*ids, "=1+1", "Ng", "Öz", "family"} <= set(texts)
    assert "<f>" not in sheet
    assert sheet.count("<v>2</v>") >= 3, "numbers are numbers"
    assert 'quotePrefix="1"' in book.read("xl/styles.xml").decode()


def test_a_pdf_is_made_and_one_that_nobody_could_read_is_refused(client, ids):
    answer = run(client, query="?_format=pdf")

    assert answer.content_type == "application/pdf"
    assert answer.data.startswith(b"%PDF-")
    assert b"/URI" not in answer.data
    wide = VIEW | {"select": [{"column": [{"name": f"c{n}", "path": "id"} for n in range(13)]}]}
    assert refused(run(client, query="?_format=pdf", view=wide), 403)["code"] == "too-costly"


def test_a_limit_counts_rows(client, ids):
    assert len(lines(run(client, {"name": "_limit", "valuePositiveInt": 2}))) == 2


def test_a_view_that_comes_with_the_server_is_named(client, ids):
    query = f"viewReference=ViewDefinition/patient_demographics&patient=Patient/{ids[1]}"
    found = lines(client.get(f"/fhir/$viewdefinition-run?{query}"))

    assert [(r["id"], r["family_name"], r["given_name"]) for r in found] == [
        (f"Patient/{ids[1]}", "Ng", "Bo Li")
    ]


def test_a_view_may_be_stored_as_a_binary(client, ids):
    data = b64encode(json.dumps(VIEW).encode()).decode()
    held = {"resourceType": "Binary", "contentType": "application/json", "data": data}
    binary = f"Binary/{done(client.post('/fhir/Binary', json=held), 201)['id']}"

    found = lines(client.get(f"/fhir/$viewdefinition-run?viewReference={binary}"))

    assert [r["id"] for r in found] == ids


def test_only_what_belongs_to_the_patients_of_a_group(client, ids):
    group = {
        "resourceType": "Group", "type": "person", "actual": True,
        "member": [{"entity": {"reference": f"Patient/{ids[0]}"}},
                   {"entity": {"reference": f"Patient/{ids[1]}"}, "inactive": True}],
    }  # fmt: skip
    made = done(client.post("/fhir/Group", json=group), 201)["id"]
    only = {"name": "group", "valueReference": {"reference": f"Group/{made}"}}

    assert [r["id"] for r in lines(run(client, only))] == [ids[0]]


def test_only_what_was_stored_since(client, ids):
    since = done(client.get(f"/fhir/Patient/{ids[2]}"))["meta"]["lastUpdated"]

    found = lines(run(client, {"name": "_since", "valueInstant": since}))

    assert [r["id"] for r in found] == [ids[2]]


def test_resources_that_are_sent_take_the_place_of_those_stored(client, ids):
    sent = {"name": "resource", "resource": {
        "resourceType": "Patient", "id": "sent",
        "identifier": [{"system": "http://tests.example/views", "value": "1"}],
    }}  # fmt: skip

    assert [r["id"] for r in lines(run(client, sent))] == ["sent"]


def test_more_than_a_page_of_resources_is_walked(client, token):
    entries = [
        an_entry("POST", "Basic", {
            "resourceType": "Basic", "code": {"text": "walked"},
            "identifier": [{"value": str(n)}],
        }) for n in range(1_100)
    ]  # fmt: skip
    done(client.post("/fhir", json=a_transaction(*entries)))
    view = {
        "resource": "Basic", "status": "active", "where": [{"path": "code.text = 'walked'"}],
        "select": [{"column": [{"name": "n", "path": "identifier.value"}]}],
    }  # fmt: skip

    assert [r["n"] for r in lines(run(client, view=view))] == [str(n) for n in range(1_100)]


@pytest.mark.parametrize(
    ("parameter", "status", "what"),
    [
        ({"name": "source", "valueString": "s3://x"}, 501, "source"),
        ({"name": "_format", "valueCode": "xml"}, 400, "_format"),
        ({"name": "viewReference", "valueReference": {"reference": "Binary/1"}}, 400, "viewRes"),
        ({"name": "patient", "valueReference": {"reference": "Group/1"}}, 400, "patient"),
        ({"name": "group", "valueReference": {"reference": "Group/absent"}}, 404, ""),
    ],
)
def test_what_cannot_be_done_is_told(client, ids, parameter, status, what):
    answer = run(client, parameter)

    assert answer.status_code in {status, 400}, answer.text
    assert what in refused(answer, answer.status_code)["diagnostics"]


def test_a_format_that_there_is_not_is_not_acceptable(client):
    assert run(client, query="?_format=xml").status_code == 406


def test_a_mistake_in_the_view_is_told_where_it_is(client):
    wrong = VIEW | {"select": [{"column": [{"name": "a", "path": "nothing"}]}]}

    issue = refused(run(client, view=wrong), 400)

    assert issue["expression"] == ["ViewDefinition.select[0].column[0].path"]


def test_an_unknown_view_is_not_found(client):
    answer = client.get("/fhir/$viewdefinition-run?viewReference=ViewDefinition/nothing")

    assert answer.status_code == 404


def test_who_may_not_search_the_type_gets_no_rows(make_app, token, ids):
    client = make_app().test_client()
    for scope in ("system/Observation.rs", "system/Patient.r"):
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token(scope)}"
        assert run(client).status_code == 403


def test_in_a_bundle_the_table_is_a_binary(client, ids):
    query = f"viewReference=ViewDefinition/patient_demographics&patient=Patient/{ids[0]}"
    answer = done(
        client.post("/fhir", json=a_batch(an_entry("GET", f"$viewdefinition-run?{query}")))
    )

    binary = answer["entry"][0]["resource"]
    assert binary["contentType"] == "application/x-ndjson"
    assert json.loads(b64decode(binary["data"]))["family_name"] == "=1+1"
