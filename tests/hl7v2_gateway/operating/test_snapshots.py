"""Segments of which a message has all that there are: what it lacks is taken away."""

from __future__ import annotations

import pytest

from fhirserver import ids
from fhirserver.app import open_engine
from fhirserver.engine import Engine
from fhirserver.interactions.messages import FhirRequest
from fhirserver.messages import Messages
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from hl7v2_gateway.operating.answering import OURS
from hl7v2_gateway.operating.replaying import Replaying
from tests.hl7v2_gateway.operating.feed import Feed

CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
PENICILLIN = "AL1|1|DA|PEN^Penicillin^L|SV\r"
NUTS = "AL1|2|FA|NUT^Nuts^L|SV\r"
SPOUSE = "NK1|1|Doe^Bob|SPO\r"
FATHER = "NK1|2|Doe^Dan|FTH\r"
PLAN = "IN1|1|PL1^Plan one^L|77^^^WEST|Acme\r"
OTHER_PLAN = "IN1|2|PL2^Plan two^L|77^^^WEST|Acme\r"
I10 = "DG1|1||I10^Hypertension^I10||20260301|A\r"
E11 = "DG1|2||E11^Diabetes^I10||20260301|A\r"


@pytest.fixture(scope="module")
def engine(database: Database, database_url: str) -> Engine:
    return open_engine(Settings(database_url=database_url), database)


def test_what_a_snapshot_leaves_out_is_removed(engine: Engine, messages: Messages) -> None:
    feed = Feed(engine, messages, "AL1", "NK1", "IN1", "DG1")
    feed.admit(SPOUSE + FATHER + PENICILLIN + NUTS + I10 + E11 + PLAN + OTHER_PLAN, "ADT^A01")
    assert len(feed.stored("RelatedPerson")) == 2
    number = feed.admit(FATHER + NUTS + E11 + OTHER_PLAN)

    assert feed.codes("AllergyIntolerance") == {"NUT"}
    assert feed.codes("Condition") == {"E11"}
    assert [r["name"][0]["given"] for r in feed.stored("RelatedPerson")] == [["Dan"]]
    assert [c["identifier"][0]["value"] for c in feed.stored("Coverage")] == ["PL2"]
    assert [c["name"]["given"] for c in feed.patient()["contact"]] == [["Dan"]]
    [visit] = feed.stored("Encounter")
    assert len(visit["diagnosis"]) == 1
    found = messages.find(number)
    assert found is not None
    assert len((found.head.report or {})["removed"]) == 4


def test_a_delta_removes_nothing(engine: Engine, messages: Messages) -> None:
    feed = Feed(engine, messages)
    feed.admit(PENICILLIN + NUTS, "ADT^A01")
    feed.admit(NUTS)

    assert feed.codes("AllergyIntolerance") == {"PEN", "NUT"}
    assert all("tag" not in r.get("meta", {}) for r in feed.stored("AllergyIntolerance"))


def test_a_message_without_such_a_segment_changes_nothing(
    engine: Engine, messages: Messages
) -> None:
    feed = Feed(engine, messages, "AL1")
    feed.admit(PENICILLIN + NUTS, "ADT^A01")
    feed.admit()

    assert feed.codes("AllergyIntolerance") == {"PEN", "NUT"}


def test_a_segment_of_nulls_removes_all_and_makes_none(engine: Engine, messages: Messages) -> None:
    feed = Feed(engine, messages, "AL1", "NK1")
    feed.admit(SPOUSE + PENICILLIN + NUTS, "ADT^A01")
    feed.admit('NK1|1|""|""\rAL1|1|""|""\r')

    assert feed.stored("AllergyIntolerance") == []
    assert feed.stored("RelatedPerson") == []
    assert "contact" not in feed.patient()


def test_what_comes_back_is_there_again(engine: Engine, messages: Messages) -> None:
    feed = Feed(engine, messages, "AL1")
    feed.admit(PENICILLIN + NUTS, "ADT^A01")
    feed.admit(NUTS)
    feed.admit(PENICILLIN + NUTS)

    assert feed.codes("AllergyIntolerance") == {"PEN", "NUT"}


def test_what_others_have_written_stays(engine: Engine, messages: Messages) -> None:
    feed, other = Feed(engine, messages, "AL1"), Feed(engine, messages, "AL1")
    other.mrn = feed.mrn
    feed.admit(PENICILLIN + NUTS, "ADT^A01")
    other.admit("AL1|1|DA|ASA^Aspirin^L|SV\r")
    body = {
        "resourceType": "AllergyIntolerance",
        "patient": {"reference": f"Patient/{feed.patient()['id']}"},
        "code": {"coding": [{"system": "urn:test", "code": "CAT"}]},
        "clinicalStatus": {"coding": [{"system": CLINICAL, "code": "active"}]},
    }
    engine.handle(FhirRequest("create", OURS, type="AllergyIntolerance", body=body))
    feed.admit(NUTS)

    assert feed.codes("AllergyIntolerance") == {"NUT", "ASA", "CAT"}


def test_diagnoses_of_another_visit_stay(engine: Engine, messages: Messages) -> None:
    feed = Feed(engine, messages, "DG1")
    feed.admit(I10, "ADT^A01")
    feed.admit(E11, "ADT^A01", visit=ids.new())

    assert feed.codes("Condition") == {"I10", "E11"}


def test_a_replay_says_beforehand_what_it_would_remove(engine: Engine, messages: Messages) -> None:
    feed = Feed(engine, messages, "AL1")
    number = feed.admit(PENICILLIN, "ADT^A01")
    feed.admit(PENICILLIN + NUTS)
    message = messages.find(number)
    assert message is not None
    preview = Replaying(engine, messages, feed.converter).preview(OURS, message)

    removed = [c["remove"] for c in preview["changes"] if "remove" in c]
    assert [r.partition("/")[0] for r in removed] == ["AllergyIntolerance"]


def test_an_action_code_withdraws_one_and_brings_it_back(
    engine: Engine, messages: Messages
) -> None:
    feed = Feed(engine, messages)
    nut = "IAM|1|FA|NUT^Nut^L|SV||{}\r"
    # Table 0206: A adds, D deletes.
    for action, status in (("A", None), ("D", "entered-in-error"), ("A", None)):
        feed.admit(
            nut.format(action) + f"DG1|1||I10^Hypertension^I10||20260301|A|||||||||||||||{action}\r"
            f"PR1|1||44^Appy^L||20260301|||||||||||||||{action}\r",
            "ADT^A01",
        )

        for resource_type in ("AllergyIntolerance", "Condition"):
            [found] = feed.stored(resource_type)
            told = found.get("verificationStatus", {}).get("coding", [{}])[0].get("code")
            assert (resource_type, told) == (resource_type, status)
        [procedure] = feed.stored("Procedure")
        assert (procedure["status"] == "entered-in-error") is (action == "D")
