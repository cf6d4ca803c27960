"""Whom a person can choose as the patient of an app."""

from __future__ import annotations

import pytest

from fhirserver import ids
from fhirserver.access.principal import Principal, User
from fhirserver.access.principal import scopes as scopes_in
from fhirserver.oauth.patients import MOST_SHOWN, Asked, own, patient, search
from tests.builders import SYSTEM


@pytest.fixture
def family() -> str:
    return f"Lovelace{ids.new()}"


@pytest.fixture
def make(client):
    def made(kind: str, **elements) -> str:
        answer = client.post(f"/fhir/{kind}", json={"resourceType": kind, **elements})
        assert answer.status_code == 201, answer.text
        return answer.json["id"]

    return made


@pytest.fixture
def engine(app):
    return app.extensions["fhirserver"]


def somebody(fhir_user: str | None = None) -> Principal:
    user = User("u", "Somebody", fhir_user)
    return Principal("u", scopes_in("user/*.rs"), user=user)


def test_each_word_of_the_name_must_fit(engine, make, family):
    ada = make("Patient", name=[{"family": family, "given": ["Ada"]}])
    make("Patient", name=[{"family": family, "given": ["Anne"]}])

    found = search(engine, somebody(), Asked(name=f"ada {family.lower()}"))

    assert [p.id for p in found.patients] == [ada]


def test_a_record_number_and_a_birth_date_find_too(engine, make, family):
    number = ids.new()
    ada = make(
        "Patient",
        name=[{"family": family}],
        birthDate="1980-02-03",
        identifier=[{"system": SYSTEM, "value": number}],
    )
    make("Patient", name=[{"family": family}], birthDate="1980-02-04")

    assert [p.id for p in search(engine, somebody(), Asked(number=number)).patients] == [ada]
    born = search(engine, somebody(), Asked(name=family, born="1980-02-03"))
    assert [p.id for p in born.patients] == [ada]


def test_commas_and_bars_in_what_was_typed_are_no_syntax(engine, make, family):
    make("Patient", name=[{"family": family}])

    assert search(engine, somebody(), Asked(name=f"nobody,{family}")).patients == ()
    assert search(engine, somebody(), Asked(name=family, number="|")).patients == ()


def test_a_long_list_says_that_there_are_more(engine, client, family):
    entries = [
        {
            "resource": {"resourceType": "Patient", "name": [{"family": family}]},
            "request": {"method": "POST", "url": "Patient"},
        }
    ] * (MOST_SHOWN + 1)
    client.post("/fhir", json={"resourceType": "Bundle", "type": "transaction", "entry": entries})

    found = search(engine, somebody(), Asked(name=family))

    assert (len(found.patients), found.is_more) == (MOST_SHOWN, True)


def test_patients_have_only_themselves(engine, make, family):
    ada = make("Patient", name=[{"family": family}])

    assert [p.id for p in own(engine, somebody(f"Patient/{ada}")) or ()] == [ada]


def test_relatives_have_those_whom_they_look_after(engine, make, family):
    ada = make("Patient", name=[{"family": family}])
    mother = make("RelatedPerson", patient={"reference": f"Patient/{ada}"})

    assert [p.id for p in own(engine, somebody(f"RelatedPerson/{mother}")) or ()] == [ada]


def test_staff_search(engine):
    assert own(engine, somebody("Practitioner/1")) is None
    assert own(engine, somebody()) is None


def test_who_cannot_be_seen_is_nobody(engine):
    assert patient(engine, somebody(), "nobody") is None
