"""Content that is stored encrypted: everything still works, and a dump says nothing."""

import json
import logging
from base64 import b64decode, b64encode

import pytest

from fhirserver.app import create_app
from fhirserver.settings import InvalidSetting, Settings, read
from fhirserver.storage import sealed_content
from fhirserver.storage.tokens import issue
from tests.answers import done
from tests.peers.dump import dump, holds

FHIR = "application/fhir+json"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
SECRET = b"%PDF-1.7 Geheimbefund of the patient \x00\xff" * 20


def close(app) -> None:
    app.extensions["fhirserver.audit"].buffer.end()
    app.extensions["fhirserver"].context.store.database.close()


def label(code="V"):
    return {"security": [{"system": CONFIDENTIALITY, "code": code}]}


def observation(patient: str, *, code="V", **more):
    made = {
        "resourceType": "Observation",
        "identifier": [{"system": "urn:lab", "value": f"order-{patient}"}],
        "status": "final",
        "code": {"coding": [{"system": "urn:c", "code": "hiv-load", "display": "Geheimdiagnose"}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": "2026-11-01",
        "valueQuantity": {"value": 1.50, "unit": "Geheimeinheit"},
        "note": [{"text": "Geheimnotiz"}],
        **more,
    }
    return made | ({"meta": label(code)} if code else {})


@pytest.fixture(scope="module")
def server(own_url, tmp_path_factory):
    handlers, level = logging.root.handlers[:], logging.root.level
    made = create_app(
        Settings(
            database_url=own_url,
            data_dir=tmp_path_factory.mktemp("sealed"),
            seal_labels="V,R",
            allow_expunge=True,
        )
    )
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    yield made
    close(made)


@pytest.fixture(scope="module")
def stored(server):
    return server.extensions["fhirserver"].context.store.database


@pytest.fixture(scope="module")
def client(server, stored):
    token = issue(stored, subject="test", scope="system/*.cruds", lifetime_seconds=86_400)
    client = server.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


@pytest.fixture
def patient(client, request) -> str:
    return done(client.post("/fhir/Patient", json={"resourceType": "Patient"}), 201)["id"]


def row(stored, kind, id_, schema="resource"):
    found = stored.read(f'SELECT content::text FROM {schema}."{kind}" WHERE id = %s', (id_,))
    return found[0][0]


def binary_of(client, patient) -> str:
    headers = {"X-Security-Context": f"Patient/{patient}"}
    made = client.post("/fhir/Binary", data=SECRET, content_type="application/pdf", headers=headers)
    return done(made, 201)["id"]


def erase(client, patient):
    client.delete(f"/fhir/Patient/{patient}")
    expunge = {"name": "expungeDeletedResources", "valueBoolean": True}
    done(
        client.post(
            f"/fhir/Patient/{patient}/$expunge",
            json={"resourceType": "Parameters", "parameter": [expunge]},
        ),
        200,
    )


def ids_of(client, query):
    bundle = done(client.get(f"/fhir/{query}"), 200)
    return [e["resource"]["id"] for e in bundle.get("entry", [])]


def test_the_data_of_a_binary_is_encrypted_and_comes_back_every_way(client, stored, own_url):
    data = b64encode(SECRET).decode()
    made = done(client.post("/fhir/Binary", data=SECRET, content_type="application/pdf"), 201)
    address = f"/fhir/Binary/{made['id']}"
    assert made["data"] == data

    assert not holds(dump(own_url), SECRET[:40])
    assert data[:60] not in dump(own_url)
    assert '"contentType": "application/pdf"' in row(stored, "Binary", made["id"])
    fhir = {"Accept": "application/fhir+json"}
    assert client.get(address).data == SECRET
    assert client.get(address, headers=fhir).json == made
    assert client.get(f"{address}/_history/1", headers=fhir).json == made
    assert client.get(f"{address}/_history/1").data == SECRET
    found = done(client.get(f"/fhir/Binary?_id={made['id']}"), 200)
    assert found["entry"][0]["resource"] == made

    again = client.put(address, json={**made, "contentType": "text/plain"})
    assert b64decode(done(again, 200)["data"]) == SECRET
    history = done(client.get(f"{address}/_history"), 200)["entry"]
    assert [e["resource"]["data"] for e in history] == [data, data]
    assert client.put(address, json=again.json).json["meta"]["versionId"] == "2"
    assert client.delete(address).status_code in {200, 204}
    assert client.get(f"{address}/_history/2").data == SECRET


def test_a_binary_without_data_is_as_it_was(client):
    made = done(
        client.post("/fhir/Binary", json={"resourceType": "Binary", "contentType": "text/plain"}),
        201,
    )

    assert done(client.get(f"/fhir/Binary/{made['id']}?_format=json"), 200) == made


def test_binaries_stay_in_clear_where_the_setting_says_so(own_url, stored, tmp_path):
    handlers = logging.root.handlers[:]
    plain = create_app(Settings(database_url=own_url, data_dir=tmp_path, encrypt_binaries=False))
    logging.root.handlers[:] = handlers
    token = issue(stored, subject="test", scope="system/*.cruds", lifetime_seconds=600)

    made = plain.test_client().post(
        "/fhir/Binary",
        data=b"clear text here",
        content_type="text/plain",
        headers={"Authorization": f"Bearer {token}"},
    )
    close(plain)

    assert b64encode(b"clear text here").decode() in row(stored, "Binary", made.json["id"])


def test_of_what_is_labelled_a_dump_holds_nothing_but_who_and_whose(
    client, stored, own_url, patient
):
    # Words of its own: others write theirs in clear once the label is gone.
    said = json.dumps(observation(patient))
    said = said.replace("Geheim", "Verborgen").replace("hiv-load", "hidden-load")
    made = done(client.post("/fhir/Observation", data=said, content_type=FHIR), 201)

    text = dump(own_url)
    for secret in ("Verborgen", "verborgen", "hidden-load"):
        assert not holds(text, secret)
    (elements,) = stored.read(
        'SELECT elements FROM resource."Observation" WHERE id = %s', (made["id"],)
    )
    for schema in ("ix_date", "ix_number"):
        rows = stored.read(
            f'SELECT i.* FROM {schema}."Observation" i JOIN resource."Observation" r '
            "USING (key) WHERE r.id = %s",
            (made["id"],),
        )
        assert rows == []
    assert elements


def test_what_is_labelled_comes_back_every_way(client, patient):
    text = json.dumps(observation(patient)).replace("1.5", "1.50")
    made = done(client.post("/fhir/Observation", data=text, content_type=FHIR), 201)
    address = f"/fhir/Observation/{made['id']}"

    assert client.get(address).json == made
    assert '"value":1.50' in client.get(address).text.replace(" ", "")
    changed = done(client.put(address, json={**made, "status": "amended"}), 200)
    assert client.get(f"{address}/_history/1").json == made
    entries = done(client.get(f"{address}/_history"), 200)["entry"]
    assert [e["resource"]["status"] for e in entries] == ["amended", "final"]
    found = done(client.get(f"/fhir/Patient/{patient}/$everything"), 200)
    assert changed in [e["resource"] for e in found["entry"]]
    found = done(client.get(f"/fhir/Patient?_id={patient}&_revinclude=Observation:subject"), 200)
    assert changed in [e["resource"] for e in found["entry"]]


def test_what_is_labelled_is_found_by_the_documented_parameters_and_no_other(client, patient):
    made = done(client.post("/fhir/Observation", json=observation(patient)), 201)

    for query in (
        f"patient={patient}",
        f"subject=Patient/{patient}",
        f"identifier=urn:lab|order-{patient}",
        f"patient={patient}&_security={CONFIDENTIALITY}|V",
        f"_id={made['id']}&_lastUpdated=gt2026-01-01",
    ):
        assert ids_of(client, f"Observation?{query}") == [made["id"]], query
    for query in ("code=hiv-load", "date=2026-11-01", "status=final", "code:text=Geheim"):
        assert ids_of(client, f"Observation?patient={patient}&{query}") == [], query


def test_a_feed_that_sends_it_again_finds_it(client, patient):
    made = done(client.post("/fhir/Observation", json=observation(patient)), 201)

    again = client.post(
        "/fhir/Observation",
        json=observation(patient),
        headers={"If-None-Exist": f"identifier=urn:lab|order-{patient}"},
    )

    assert again.status_code == 200
    assert again.headers["Location"].split("/")[-3] == made["id"]


def test_when_the_label_goes_the_next_version_is_searchable_again(client, stored, patient):
    made = done(client.post("/fhir/Observation", json=observation(patient)), 201)

    plain = {k: v for k, v in made.items() if k != "meta"}
    done(client.put(f"/fhir/Observation/{made['id']}", json=plain), 200)

    assert ids_of(client, f"Observation?patient={patient}&code=hiv-load") == [made["id"]]
    assert "Geheim" in row(stored, "Observation", made["id"])
    assert "Geheim" not in row(stored, "Observation", made["id"], "history")


def test_sealed_content_can_not_be_shown_as_another_resource(client, stored, patient):
    one = done(client.post("/fhir/Observation", json=observation(patient)), 201)["id"]
    two = done(client.post("/fhir/Observation", json=observation(patient)), 201)["id"]
    stored.write(
        'UPDATE resource."Observation" SET content = (SELECT content FROM '
        'resource."Observation" WHERE id = %s) WHERE id = %s',
        (one, two),
    )

    assert client.get(f"/fhir/Observation/{one}").status_code == 200
    assert client.get(f"/fhir/Observation/{two}").status_code == 500
    stored.write('DELETE FROM resource."Observation" WHERE id = %s', (two,))


def test_a_client_can_not_send_what_looks_sealed(client):
    sent = {"resourceType": "Basic", "code": {"text": "x"}, "": "AQ=="}

    assert client.post("/fhir/Basic", json=sent).status_code in {400, 422}


def test_of_an_erased_patient_nothing_sealed_can_be_read_in_any_version(client, stored, patient):
    other = done(client.post("/fhir/Patient", json={"resourceType": "Patient"}), 201)["id"]
    kept = done(client.post("/fhir/Observation", json=observation(other)), 201)
    lost = done(client.post("/fhir/Observation", json=observation(patient)), 201)
    address = f"/fhir/Observation/{lost['id']}"
    done(client.put(address, json={**lost, "status": "amended"}), 200)
    ciphertext = row(stored, "Observation", lost["id"], "history")

    client.delete(f"/fhir/Patient/{patient}")
    erased = client.post(
        f"/fhir/Patient/{patient}/$expunge",
        json={
            "resourceType": "Parameters",
            "parameter": [{"name": "expungeDeletedResources", "valueBoolean": True}],
        },
    )

    assert erased.status_code == 200, erased.text
    for path in (address, f"{address}/_history/1"):
        answer = client.get(path)
        assert "Geheim" not in answer.text
        assert answer.json["meta"]["security"][-1]["code"] == "REDACTED"
        assert set(answer.json) == {"resourceType", "id", "meta"}
    assert row(stored, "Observation", lost["id"], "history") == ciphertext
    assert client.get(f"/fhir/Observation/{kept['id']}").json == kept
    # What comes under the name of the erased patient later has a new key.
    new = done(client.post("/fhir/Observation", json=observation(patient)), 201)
    assert client.get(f"/fhir/Observation/{new['id']}").json == new


def test_the_binaries_of_an_erased_patient_go_with_the_key(client, stored, patient):
    address = f"/fhir/Binary/{binary_of(client, patient)}"
    assert client.get(address).data == SECRET

    erase(client, patient)

    assert client.get(address).data == b""
    assert "data" not in client.get(address, headers={"Accept": FHIR}).json


def test_a_page_of_sealed_resources_costs_few_statements_however_many_they_are(
    client, server, query_recorder, monkeypatch
):
    sealing = server.extensions["fhirserver"].context.store.sealing
    # Servers of other tests, whose keyrings come and go, would be asked as well.
    monkeypatch.setattr(sealed_content, "_keyrings", {sealing.keyring})
    # One more than are asked for: a page looks whether there is another.
    ids = [
        done(client.post("/fhir/Binary", data=SECRET, content_type="application/pdf"), 201)["id"]
        for _ in range(13)
    ]

    def cost(path):
        sealing.forget()
        query_recorder.clear()
        found = done(client.get(path), 200)
        assert all(e["resource"]["data"] for e in found["entry"])
        return sum("keys.data" in sql for sql in query_recorder)

    for few, many in (
        (f"/fhir/Binary?_id={','.join(ids[:2])}", f"/fhir/Binary?_id={','.join(ids)}"),
        ("/fhir/Binary/_history?_count=2", "/fhir/Binary/_history?_count=12"),
    ):
        cost(few)  # The key of page links is fetched once.
        assert cost(few) == cost(many) == 1


def test_a_page_of_erased_resources_costs_few_statements_however_many_they_are(
    client, server, query_recorder, monkeypatch
):
    sealing = server.extensions["fhirserver"].context.store.sealing
    monkeypatch.setattr(sealed_content, "_keyrings", {sealing.keyring})
    erased = []
    for _ in range(4):
        patient = done(client.post("/fhir/Patient", json={"resourceType": "Patient"}), 201)["id"]
        erased.append(binary_of(client, patient))
        erase(client, patient)

    def cost(path):
        sealing.forget()
        query_recorder.clear()
        found = done(client.get(path), 200)
        assert not any("data" in e["resource"] for e in found["entry"])
        return sum("keys.data" in sql for sql in query_recorder)

    assert cost(f"/fhir/Binary?_id={','.join(erased)}") == 1


def test_a_label_that_is_none_is_refused_at_start():
    with pytest.raises(InvalidSetting, match="FHIRSERVER_SEAL_LABELS"):
        read({"FHIRSERVER_SEAL_LABELS": "V,secret"})


def test_a_transaction_of_many_binaries_is_all_or_nothing(client, stored):
    entries = [
        {
            "resource": {
                "resourceType": "Binary",
                "contentType": "text/plain",
                "data": b64encode(f"file {n}".encode()).decode(),
            },
            "request": {"method": "POST", "url": "Binary"},
        }
        for n in range(20)
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}

    made = done(client.post("/fhir", json=bundle), 200)

    ids = [e["response"]["location"].split("/")[-3] for e in made["entry"]]
    assert [client.get(f"/fhir/Binary/{i}").data for i in ids] == [
        f"file {n}".encode() for n in range(20)
    ]
