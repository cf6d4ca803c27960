"""A subscription that failed begins again when an operator says so, with the rights that it had."""

from __future__ import annotations

from fhirserver import ids
from fhirserver.storage import users
from fhirserver.storage.subscriptions import subscriber_named
from fhirserver.storage.tokens import issue
from tests.subscriptions.test_rest_hook import marked


def test_it_goes_on_with_the_rights_of_who_wrote_it(
    hooks, hooks_app, peer, turn, subscribe, database
):
    code = ids.new()
    id_ = subscribe(f"Observation?code=urn:test|{code}", peer.address)
    peer.answer = lambda _: 500
    hooks.post("/fhir/Observation", json=marked(code))
    turn(4)
    assert hooks.get(f"/fhir/Subscription/{id_}").json["status"] == "error"
    before = subscriber_named(database, id_)
    peer.answer = lambda _: 200
    peer.arrived.clear()

    user = users.add(database, f"u-{ids.new()}", roles=["integrator"])
    token = issue(
        database, subject=user.name, scope="user/*.cruds", lifetime_seconds=600, user=user.id
    )
    integrator = hooks_app.test_client()
    address = f"/admin/subscriptions/{id_}/restart"
    headers = {"Authorization": f"Bearer {token}"}
    answer = integrator.post(address, json={}, headers=headers)
    assert (answer.status_code, answer.json) == (200, {"id": id_, "status": "requested"})
    turn()
    hooks.post("/fhir/Observation", json=marked(code))
    turn()

    found = hooks.get(f"/fhir/Subscription/{id_}").json
    assert (found["status"], found.get("error")) == ("active", None)
    assert peer.numbers() == [2]
    after = subscriber_named(database, id_)
    assert after.holder == before.holder
    assert integrator.post(address, json={}, headers=headers).status_code == 409
