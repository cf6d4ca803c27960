"""Terms of the guard that don't show in an answer, because another term says the same later."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from fhirserver.access.access import Access, Allowed
from fhirserver.search.hashing import element, reference_self, salt
from fhirserver.search.query import AnyElement, OwnedBy, Query, ReverseChain
from fhirserver.storage.chains import with_chains_found
from fhirserver.storage.guard import WHOLE
from fhirserver.storage.latest import by_key
from fhirserver.storage.referrers import referrers
from fhirserver.storage.store import Store
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


def observation(put: Put, patient: str) -> str:
    made = put(
        "Observation",
        status="final",
        code={"coding": [{"system": "urn:terms", "code": "x"}]},
        subject={"reference": f"Patient/{patient}"},
    )
    return str(made["id"])


def test_what_was_found_is_looked_at_again_when_it_is_fetched(
    store: Store, put: Put, patients: tuple[str, str]
) -> None:
    found = [observation(put, patient) for patient in patients]
    rows = store.database.read(
        'SELECT key FROM resource."Observation" WHERE id = ANY(%s)', (found,)
    )

    fetched = by_key(store, "Observation", [row[0] for row in rows])

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
    coded = AnyElement((element("code", "urn:terms|x"),))
    chain = ReverseChain("Observation", salt("subject"), coded)

    def estimates(whose: Store) -> list[str]:
        query_recorder.clear()
        with_chains_found(whose, Query(("Patient",), chain))
        return [sql for sql in query_recorder if sql.startswith("EXPLAIN")]

    mine, of_all = estimates(store), estimates(replace(store, guard=WHOLE))

    assert len(mine) == len(of_all) == 1
    assert "owner" in mine[0]
    assert "owner" not in of_all[0]
