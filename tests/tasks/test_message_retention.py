"""Old HL7 v2 messages go, and nothing that somebody still has to look at."""

from __future__ import annotations

from uuid import uuid4

import pytest

from fhirserver import ids
from fhirserver.app import open_keyring
from fhirserver.messages import Arrival, Messages, State
from fhirserver.sent_messages import Outgoing, SentMessages
from fhirserver.sent_messages import State as SentState
from fhirserver.settings import Settings
from fhirserver.storage import message_retention
from fhirserver.storage.database import Database
from fhirserver.tasks.message_retention import remove_old

MONTH = Settings(hl7v2_retention_days=30, hl7v2_sent_retention_days=30)


@pytest.fixture
def messages(database: Database, database_url: str) -> Messages:
    return Messages(database, open_keyring(Settings(database_url=database_url), database))


def came(messages: Messages, state: State, *, days: float, is_owed: bool = False) -> int:
    """A message that came to this state so many days ago."""
    [taken] = messages.take([Arrival(b"MSH|^~\\&", ids.new(), ids.new(), state="discarded")])
    messages.database.write(
        "UPDATE hl7v2.message SET state = %s, is_owed = %s, received = now() - %s * "
        "interval '1 day', ended = CASE WHEN %s IN ('done', 'dead', 'discarded') THEN "
        "now() - %s * interval '1 day' END WHERE id = %s",
        (state, is_owed, days, state, days, taken.id),
    )
    return taken.id


@pytest.mark.parametrize("state", ["done", "discarded", "refused"])
def test_what_is_over_goes_after_its_time(messages: Messages, state: State) -> None:
    old, new = came(messages, state, days=31), came(messages, state, days=29)
    remove_old(messages.database, MONTH)

    assert messages.find(old) is None
    assert messages.find(new) is not None


@pytest.mark.parametrize("state", ["waiting", "written", "dead"])
def test_what_waits_or_is_dead_stays_for_ever(messages: Messages, state: State) -> None:
    number = came(messages, state, days=4000)
    remove_old(messages.database, MONTH)

    assert messages.find(number) is not None


def test_a_message_whose_answer_is_owed_stays(messages: Messages) -> None:
    number = came(messages, "done", days=100, is_owed=True)
    remove_old(messages.database, MONTH)

    assert messages.find(number) is not None


def test_nothing_goes_where_the_site_keeps_all(messages: Messages) -> None:
    number = came(messages, "done", days=4000)

    assert remove_old(messages.database, Settings()) == (0, 0)
    assert messages.find(number) is not None


def test_a_control_id_stays_known_while_it_may_not_come_again(messages: Messages) -> None:
    number = came(messages, "done", days=5)
    remove_old(messages.database, Settings(hl7v2_retention_days=1, hl7v2_duplicate_days=7))

    assert messages.find(number) is not None


def test_many_go_in_batches(messages: Messages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_retention, "BATCH", 2)
    numbers = [came(messages, "done", days=31) for _ in range(5)]
    remove_old(messages.database, MONTH)

    assert [messages.find(n) for n in numbers] == [None] * 5


@pytest.mark.parametrize(
    ("state", "goes"),
    [("accepted", True), ("discarded", True), ("rejected", False), ("stopped", False),
     ("waiting", False)],
)  # fmt: skip
def test_what_was_sent_goes_when_it_was_accepted(
    messages: Messages, database_url: str, state: SentState, goes: bool
) -> None:
    keyring = open_keyring(Settings(database_url=database_url), messages.database)
    sent = SentMessages(messages.database, keyring)
    item = uuid4().int >> 66
    number = sent.keep(Outgoing(item, "lis", ids.new(), "ADT^A08", "Patient/1", 1, b"MSH|"))
    messages.database.write(
        "UPDATE hl7v2.sent SET state = %s, made = now() - interval '99 days', ended = CASE WHEN "
        "%s IN ('accepted', 'rejected', 'discarded') THEN now() - interval '99 days' END "
        "WHERE id = %s",
        (state, state, number),
    )
    remove_old(messages.database, MONTH)

    assert (sent.find(number) is None) is goes
