"""Visits, accounts and numbers that belong to somebody else, or to another one, from now on."""

from __future__ import annotations

from typing import Any

import pytest

from fhirserver import ids
from fhirserver.app import open_engine
from fhirserver.engine import Engine
from fhirserver.messages import Messages
from fhirserver.model.resource import Resource
from fhirserver.reactions.looking import looked_up
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from tests.hl7v2_gateway.operating.feed import SYSTEM, Feed


@pytest.fixture(scope="module")
def engine(database: Database, database_url: str) -> Engine:
    return open_engine(Settings(database_url=database_url), database)


class Ward(Feed):
    """Messages with a patient, an account and a visit, each by its number."""

    def say(
        self,
        event: str,
        patient: str,
        *,
        visit: str = "",
        account: str = "",
        prior: str = "",
        more: str = "",
        alternate: str = "",
    ) -> bytes:
        """`prior` are the fields of MRG, such as `4711^^^WEST^MR||A1^^^WEST^AN`."""
        self.mrn = patient
        raw = self.raw(event=event).decode()
        head, _, _ = raw.partition("PV1")
        if account:
            head = head.replace("|19700101|F", f"|19700101|F{'|' * 10}{account}^^^WEST^AN")
        text = head + (f"MRG|{prior}\r" if prior else "")
        if visit:
            tail = f"{'|' * 31}{alternate}^^^WEST" if alternate else ""
            text += f"PV1|1|I|W1^101^1||||||||||||||||{visit}^^^WEST^VN{tail}\r"
        return (text + more).encode()

    def all(self, resource_type: str, number: str) -> list[Resource]:
        return looked_up(self.engine, resource_type, ("identifier", f"{SYSTEM}|{number}"))

    def one(self, resource_type: str, number: str) -> Resource:
        [found] = self.all(resource_type, number)
        return found

    def notes(self, number: int) -> Any:
        found = self.messages.find(number)
        assert found is not None
        return (found.head.report or {}).get("notes")


@pytest.fixture
def ward(engine: Engine, messages: Messages) -> Ward:
    return Ward(engine, messages)


def numbers(count: int) -> list[str]:
    return [ids.new() for _ in range(count)]


RESULT = "OBR|1||77^LAB|GLU^Glucose^L\rOBX|1|NM|GLU^Glucose^L||5|mmol/L|||||F\r"
I10 = "DG1|1||I10^Hypertension^I10||20260301|A\r"


def reference(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def test_a_visit_that_moves_under_another_number_is_one_visit(ward: Ward) -> None:
    wrong, right, old, new = numbers(4)
    ward.take(
        ward.say("ADT^A01", wrong, visit=old, more=I10),
        ward.say("ADT^A04", right),
        ward.say("ORU^R01", wrong, visit=old, more=RESULT),
        ward.say("ADT^A45", right, visit=new, prior=f"{wrong}^^^WEST^MR||||{old}^^^WEST^VN"),
    )

    target, visit = reference(ward.one("Patient", right)), ward.one("Encounter", new)
    assert visit["subject"]["reference"] == target
    assert ward.one("Encounter", old)["id"] == visit["id"]
    for resource_type in ("Observation", "DiagnosticReport", "Condition"):
        [found] = looked_up(ward.engine, resource_type, ("encounter", reference(visit)))
        assert found["subject"]["reference"] == target
    ended = looked_up(ward.engine, "Encounter", ("part-of", reference(visit)))
    assert [e["status"] for e in ended] == ["entered-in-error"]


def test_an_account_moves_to_another_patient(ward: Ward) -> None:
    wrong, right, account = numbers(3)
    ward.take(
        ward.say("ADT^A01", wrong, account=account, visit=ids.new()),
        ward.say("ADT^A04", right),
        ward.say(
            "ADT^A44", right, account=account, prior=f"{wrong}^^^WEST^MR||{account}^^^WEST^AN"
        ),
    )

    target = reference(ward.one("Patient", right))
    assert ward.one("Account", account)["subject"] == [{"reference": target}]


@pytest.mark.parametrize("event", ["ADT^A35", "ADT^A41"])
def test_accounts_become_one(ward: Ward, event: str) -> None:
    patient, old, new = numbers(3)
    ward.take(
        ward.say("ADT^A01", patient, account=old, visit=ids.new()),
        ward.say("ADT^A01", patient, account=new, visit=ids.new()),
    )
    charge = {
        "resourceType": "ChargeItem",
        "status": "billable",
        "code": {"text": "bed"},
        "subject": {"reference": reference(ward.one("Patient", patient))},
        "account": [{"reference": reference(ward.one("Account", old))}],
    }
    created = ward.create(charge)
    [number] = ward.take(
        ward.say(event, patient, account=new, prior=f"{patient}^^^WEST^MR||{old}^^^WEST^AN")
    )

    account = ward.one("Account", new)
    assert ward.one("Account", old)["id"] == account["id"]
    [charged] = looked_up(ward.engine, "ChargeItem", ("_id", created))
    assert charged["account"] == [{"reference": reference(account)}]
    assert {i["use"] for i in account["identifier"] if i["value"] == old} == {"old"}
    assert ward.notes(number) is None


def test_visits_become_one(ward: Ward) -> None:
    patient, old, new = numbers(3)
    ward.take(
        ward.say("ADT^A01", patient, visit=old, more=I10),
        ward.say("ADT^A01", patient, visit=new),
        ward.say("ADT^A42", patient, visit=new, prior=f"{patient}^^^WEST^MR||||{old}^^^WEST^VN"),
    )

    visit = ward.one("Encounter", new)
    [condition] = looked_up(ward.engine, "Condition", ("encounter", reference(visit)))
    assert condition["code"]["coding"][0]["code"] == "I10"
    assert [d["condition"]["reference"] for d in visit["diagnosis"]] == [reference(condition)]
    [late] = ward.take(ward.say("ORU^R01", patient, visit=old, more=RESULT))
    assert ward.notes(late) is None
    [observation] = looked_up(ward.engine, "Observation", ("encounter", reference(visit)))
    assert observation["valueQuantity"]["value"] == 5


@pytest.mark.parametrize(
    ("event", "kind", "old_name", "field"),
    [("ADT^A50", "Encounter", "visit", "||||{}^^^WEST^VN"),
     ("ADT^A49", "Account", "account", "||{}^^^WEST^AN"),
     ("ADT^A51", "Encounter", "alternate", "|||||{}^^^WEST")],
)  # fmt: skip
def test_a_number_that_changes_leaves_one_thing_as_it_was(
    ward: Ward, event: str, kind: str, old_name: str, field: str
) -> None:
    patient, old, new = numbers(3)
    more = {"visit": ids.new()} if old_name == "alternate" else {}
    ward.take(ward.say("ADT^A01", patient, **{"visit": ids.new(), **more, old_name: old}))
    before = ward.one(kind, old)
    prior = f"{patient}^^^WEST^MR" + field.format(old)
    [number] = ward.take(ward.say(event, patient, prior=prior, **{**more, old_name: new}))

    after = ward.one(kind, new)
    assert after["id"] == before["id"]
    assert [i["use"] for i in after["identifier"] if i["value"] == old] == ["old"]
    assert after.get("subject") == before.get("subject")
    assert ward.notes(number) is None


def test_a_patient_whose_number_changes_stays_the_same(ward: Ward) -> None:
    old, new = numbers(2)
    ward.take(
        ward.say("ADT^A01", old, visit=ids.new(), more=I10),
    )
    before = ward.one("Patient", old)
    ward.take(ward.say("ADT^A47", new, prior=f"{old}^^^WEST^MR"))

    after = ward.one("Patient", new)
    assert after["id"] == before["id"]
    assert len(looked_up(ward.engine, "Condition", ("patient", reference(after)))) == 1


def test_an_unlinking_takes_back_the_link(ward: Ward) -> None:
    one, other = numbers(2)
    second = "PID|1||{}^^^WEST^MR||Doe^Jane||19700101|F\r"
    ward.take(
        ward.say("ADT^A04", one),
        ward.say("ADT^A04", other),
        ward.say("ADT^A24", one, more=second.format(other)),
    )
    assert ward.one("Patient", one)["link"][0]["type"] == "seealso"
    [number] = ward.take(ward.say("ADT^A37", one, more=second.format(other)))

    assert "link" not in ward.one("Patient", one)
    assert "link" not in ward.one("Patient", other)
    assert ward.notes(number) is None


def test_what_moved_is_left_alone_when_the_message_is_done_again(
    ward: Ward, messages: Messages
) -> None:
    wrong, right, old, new = numbers(4)
    *_, number = ward.take(
        ward.say("ADT^A01", wrong, visit=old),
        ward.say("ADT^A04", right),
        ward.say("ADT^A45", right, visit=new, prior=f"{wrong}^^^WEST^MR||||{old}^^^WEST^VN"),
    )
    before = ward.one("Encounter", new)
    assert messages.again([number]) == [number]
    ward.work()

    after = ward.one("Encounter", new)
    assert (after["id"], after["subject"]) == (before["id"], before["subject"])


def test_a_number_that_nobody_knew_is_noted(ward: Ward) -> None:
    patient, old, new = numbers(3)
    [number] = ward.take(
        ward.say("ADT^A42", patient, visit=new, prior=f"{patient}^^^WEST^MR||||{old}^^^WEST^VN")
    )

    assert ward.notes(number) == ["no Encounter was known by the number that ends"]
