"""Terms of the guard that don't show in an answer, because another term says the same later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fhirserver import ids
from fhirserver.access.access import Access, Allowed
from fhirserver.search.hashing import element, reference_self, salt
from fhirserver.search.query import And, AnyElement, OwnedBy, Query, ReverseChain
from fhirserver.storage.chains import with_chains_found
from fhirserver.storage.change_feed import Change
from fhirserver.storage.exports import Reading, as_at, gone, stream, supporting
from fhirserver.storage.guard import WHOLE
from fhirserver.storage.latest import by_key
from fhirserver.storage.pushed import shown
from fhirserver.storage.referrers import referrers
from fhirserver.storage.searches import estimate, having_each
from fhirserver.storage.store import Store
from fhirserver.storage.versions_meeting import versions_meeting
from tests.access.conftest import Put


@pytest.fixture
def patients(put: Put) -> tuple[str, str]:
    """Two of them."""
    return put("Patient")["id"], put("Patient")["id"]


@pytest.fixture
def store(app: Flask, patients: tuple[str, str]) -> Store:
    """Of somebody who sees what is the first patient's."""
    allowed = Allowed(OwnedBy(reference_self("Patient", patients[0])))
    whole: Store = app.extensions["fhirserver"].context.store
    return replace(whole, guard=Access(lambda type_, right: allowed))


def observation(put: Put, patient: str, id_: str | None = None) -> str:
    made = put(
        "Observation",
        id_,
        status="final",
        code={"coding": [{"system": "urn:terms", "code": "x"}]},
        subject={"reference": f"Patient/{patient}"},
        valueString=ids.new(),
    )
    return str(made["id"])


def keys(store: Store, wanted: Sequence[str]) -> list[int]:
    """In the order of these ids."""
    rows = store.database.read(
        'SELECT id, key FROM resource."Observation" WHERE id = ANY(%s)', (list(wanted),)
    )
    return [dict(rows)[i] for i in wanted]


def now(store: Store) -> datetime:
    moment: datetime = store.database.read("SELECT clock_timestamp()")[0][0]
    return moment


def test_what_was_found_is_looked_at_again_when_it_is_fetched(
    store: Store, put: Put, patients: tuple[str, str]
) -> None:
    found = [observation(put, patient) for patient in patients]

    fetched = by_key(store, "Observation", keys(store, found))

    assert [v.id for v in fetched.values()] == found[:1]


def test_who_refers_to_a_resource_is_told_to_those_who_see_them(
    store: Store, put: Put, patients: tuple[str, str]
) -> None:
    found = [observation(put, patient) for patient in patients]
    sources = {"Observation": [element("subject", f"r|Patient/{p}") for p in patients]}

    assert referrers(store, sources) == {"Observation": found[:1]}
    everything = referrers(replace(store, guard=WHOLE), sources)
    assert set(everything["Observation"]) == set(found)


def test_how_a_chain_is_followed_goes_by_what_is_seen(
    store: Store, put: Put, patients: tuple[str, str], query_recorder: list[str]
) -> None:
    for patient in patients:
        observation(put, patient)
    coded = AnyElement((element("code", "s|urn:terms|x"),))
    chain = ReverseChain("Observation", salt("subject"), coded)

    def estimates(whose: Store) -> list[str]:
        query_recorder.clear()
        with_chains_found(whose, Query(("Patient",), chain))
        return [sql for sql in query_recorder if sql.startswith("EXPLAIN")]

    mine, of_all = estimates(store), estimates(replace(store, guard=WHOLE))

    assert len(mine) == len(of_all) == 1
    assert "owner" in mine[0]
    assert "owner" not in of_all[0]


def test_an_export_reads_what_is_seen(store: Store, put: Put, patients: tuple[str, str]) -> None:
    found = [observation(put, patient) for patient in patients]
    before = min(keys(store, found)) - 1

    read = stream(store, Reading("Observation", now(store)), after=before, limit=100, owners=set())

    assert [v.id for versions in read for v in versions] == found[:1]


def test_an_export_reads_no_earlier_version_of_what_is_hidden_now(
    store: Store, put: Put, patients: tuple[str, str]
) -> None:
    mine, other = patients
    found = [observation(put, mine), observation(put, mine)]
    moment = now(store)
    observation(put, mine, found[0])
    observation(put, other, found[1])

    then = as_at(store, Reading("Observation", moment), keys(store, found), set())

    assert [(v.id, v.version) for v in then] == [(found[0], 1)]


def test_an_export_tells_of_the_deleted_what_was_seen(
    store: Store, put: Put, patients: tuple[str, str], client: FlaskClient
) -> None:
    found = [observation(put, patient) for patient in patients]
    for id_ in found:
        assert client.delete(f"/fhir/Observation/{id_}").status_code in (200, 204)
    before = min(keys(store, found)) - 1

    told = gone(store, Reading("Observation", now(store)), after=before, limit=100)

    assert [id_ for _, id_ in told] == found[:1]


def test_an_export_brings_no_hidden_resource_along(store: Store, put: Put) -> None:
    ward = put("Organization", name="Ward")["id"]
    wanted = Reading("Organization", now(store))

    assert supporting(store, wanted, [ward]) == []
    assert [v.id for v in supporting(replace(store, guard=WHOLE), wanted, [ward])] == [ward]


def test_a_listener_is_told_of_changes_to_what_is_seen(
    store: Store, put: Put, patients: tuple[str, str]
) -> None:
    found = keys(store, [observation(put, patient) for patient in patients])
    moment = now(store)
    changes = [Change(n, "Observation", key, 1, "C", moment) for n, key in enumerate(found)]

    assert shown(store, changes) == {found[0]}
    assert shown(replace(store, guard=WHOLE), changes) == set(found)


def test_nobody_is_told_an_estimate_of_more_than_they_see(
    store: Store, put: Put, patients: tuple[str, str], query_recorder: list[str]
) -> None:
    for patient in patients:
        observation(put, patient)
    query_recorder.clear()

    assert estimate(store, Query(("Observation",), And(()))) == 1
    assert not any(sql.startswith("EXPLAIN") for sql in query_recorder)


def test_a_version_meets_a_search_where_it_is_seen_now_and_was_then(
    store: Store, put: Put, patients: tuple[str, str]
) -> None:
    mine, other = patients
    gained, lost = observation(put, other), observation(put, mine)
    observation(put, mine, gained)
    observation(put, other, lost)
    first, second = keys(store, [gained, lost])
    versions = [(key, number) for key in (first, second) for number in (1, 2)]
    coded = AnyElement((element("code", "s|urn:terms|x"),))

    assert versions_meeting(store, "Observation", versions, [coded]) == [{(first, 2)}]
    everything = replace(store, guard=WHOLE)
    assert versions_meeting(everything, "Observation", versions, [coded]) == [set(versions)]


def test_the_conditions_of_a_transaction_find_what_is_seen(
    store: Store, put: Put, patients: tuple[str, str]
) -> None:
    found = [observation(put, patient) for patient in patients]
    about = [element("subject", f"r|Patient/{p}") for p in patients]

    assert having_each(store, "Observation", about, limit=2) == {about[0]: found[:1]}
