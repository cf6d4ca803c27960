"""R4's own subscriptions: a search, and an endpoint that is called for what comes to meet it."""

from __future__ import annotations

import hashlib
import hmac

from fhirserver import ids
from fhirserver.interactions.operating.subscription_secret import secret_of
from tests.builders import a_patient, an_observation


def marked(code, **more):
    return an_observation(code={"coding": [{"system": "urn:test", "code": code}]}, **more)


def test_a_subscription_becomes_active(hooks, peer, turn, subscribe):
    id_ = subscribe("Observation?code=urn:test|a", peer.address)
    assert hooks.get(f"/fhir/Subscription/{id_}").json["status"] == "requested"

    turn()

    assert hooks.get(f"/fhir/Subscription/{id_}").json["status"] == "active"
    assert peer.arrived == []


def test_a_change_that_meets_the_criteria_calls_the_endpoint(hooks, peer, turn, subscribe):
    code = ids.new()
    id_ = subscribe(f"Observation?code=urn:test|{code}", f"{peer.address}/hook",
                    header=["X-Key: abc"])  # fmt: skip

    hooks.post("/fhir/Observation", json=marked(code))
    hooks.post("/fhir/Observation", json=marked("other"))
    turn()

    (call,) = peer.arrived
    assert (call.method, call.path, call.raw) == ("POST", "/hook", b"")
    assert call.headers["X-Key"] == "abc"
    assert call.headers["X-Subscription"] == f"Subscription/{id_}"
    assert call.number == 1


def test_with_a_payload_the_version_is_put_below_the_endpoint(hooks, peer, turn, subscribe):
    code = ids.new()
    subscribe(f"Observation?code=urn:test|{code}", f"{peer.address}/fhir/",
              payload="application/fhir+json")  # fmt: skip

    made = hooks.post("/fhir/Observation", json=marked(code)).json
    turn()

    (call,) = peer.arrived
    assert (call.method, call.path) == ("PUT", f"/fhir/Observation/{made['id']}")
    assert call.headers["Content-Type"] == "application/fhir+json"
    assert call.body == made


def test_the_signature_can_be_checked(hooks_app, hooks, peer, turn, subscribe):
    code = ids.new()
    id_ = subscribe(f"Observation?code=urn:test|{code}", peer.address,
                    payload="application/fhir+json")  # fmt: skip
    secret = secret_of(hooks_app.extensions["fhirserver"].own_context, id_)

    hooks.post("/fhir/Observation", json=marked(code))
    turn()

    (call,) = peer.arrived
    moment, _, digest = call.headers["X-Signature"].partition(",sha256=")
    said = f"{moment.removeprefix('t=')}.{id_}.1.".encode() + call.raw
    assert hmac.new(secret, said, hashlib.sha256).hexdigest() == digest


def test_each_version_is_held_against_the_criteria_as_it_was(hooks, peer, turn, subscribe):
    code = ids.new()
    subscribe(f"Observation?code=urn:test|{code}&status=final", peer.address,
              payload="application/json")  # fmt: skip

    made = hooks.post("/fhir/Observation", json=marked(code, status="final")).json
    hooks.put(f"/fhir/Observation/{made['id']}", json={**made, "status": "amended"})
    hooks.put(f"/fhir/Observation/{made['id']}", json={**made, "status": "final"})
    turn()

    assert [c.body["meta"]["versionId"] for c in peer.arrived] == ["1", "3"]
    assert peer.numbers() == [1, 2]


def test_criteria_mean_what_they_mean_in_a_search(hooks, peer, turn, subscribe):
    family = f"Fam{ids.new()[:8]}"
    born = subscribe(f"Patient?family={family}&birthdate=ge2000", peer.address + "/born")
    chained = subscribe(f"Observation?subject:Patient.family={family}", peer.address + "/chained")
    by_value = subscribe(f"Observation?value-quantity=gt5&subject:Patient.family={family}",
                         peer.address + "/value")  # fmt: skip

    young = hooks.post(
        "/fhir/Patient", json=a_patient(name=[{"family": family}], birthDate="2001-02-03")
    ).json
    hooks.post("/fhir/Patient", json=a_patient(name=[{"family": family}], birthDate="1999-02-03"))
    subject = {"reference": f"Patient/{young['id']}"}
    for value in (4.9, 5.1):
        hooks.post("/fhir/Observation", json=marked("x", subject=subject,
                   valueQuantity={"value": value, "unit": "mmol"}))  # fmt: skip
    turn()

    heard = [(c.path, c.headers["X-Subscription"].partition("/")[2]) for c in peer.arrived]
    assert sorted(heard) == sorted(
        [("/born", born), ("/chained", chained), ("/chained", chained), ("/value", by_value)]
    )


def test_what_fails_is_tried_again_with_the_same_number_and_in_order(hooks, peer, turn, subscribe):
    code = ids.new()
    subscribe(f"Observation?code=urn:test|{code}", peer.address)
    answers = iter([500, 503])
    peer.answer = lambda _: next(answers, 200)

    for _ in range(3):
        hooks.post("/fhir/Observation", json=marked(code))
    turn(4)

    assert peer.numbers() == [1, 1, 1, 2, 3]


def test_after_some_failures_the_subscription_says_error_and_somebody_is_asked_to_look(
    hooks, peer, turn, subscribe
):
    code = ids.new()
    id_ = subscribe(f"Observation?code=urn:test|{code}", peer.address)
    peer.answer = lambda _: 500

    for _ in range(2):
        hooks.post("/fhir/Observation", json=marked(code))
    turn(5)

    found = hooks.get(f"/fhir/Subscription/{id_}").json
    assert found["status"] == "error"
    assert found["error"] == "the endpoint answered 500"
    assert peer.numbers() == [1, 1, 1]
    tasks = hooks.get(f"/fhir/Task?focus=Subscription/{id_}").json
    assert [e["resource"]["status"] for e in tasks["entry"]] == ["requested"]
    assert "error" in tasks["entry"][0]["resource"]["description"]


def test_a_failed_subscription_that_is_asked_for_again_goes_on(hooks, peer, turn, subscribe):
    code = ids.new()
    id_ = subscribe(f"Observation?code=urn:test|{code}", peer.address)
    peer.answer = lambda _: 500
    hooks.post("/fhir/Observation", json=marked(code))
    turn(4)
    hooks.post("/fhir/Observation", json=marked(code))
    turn()
    peer.answer = lambda _: 200
    peer.arrived.clear()

    failed = hooks.get(f"/fhir/Subscription/{id_}").json
    hooks.put(f"/fhir/Subscription/{id_}", json={**failed, "status": "requested"})
    turn()
    hooks.post("/fhir/Observation", json=marked(code))
    turn()

    assert hooks.get(f"/fhir/Subscription/{id_}").json["status"] == "active"
    assert "error" not in hooks.get(f"/fhir/Subscription/{id_}").json
    # Number 2 was missed, and can be asked for with $events.
    assert peer.numbers() == [3]


def test_what_is_off_deleted_or_over_is_told_nothing(hooks, peer, turn, subscribe):
    code = ids.new()
    ids_ = [subscribe(f"Observation?code=urn:test|{code}", peer.address) for _ in range(3)]
    turn()
    stored = hooks.get(f"/fhir/Subscription/{ids_[0]}").json
    hooks.put(f"/fhir/Subscription/{ids_[0]}", json={**stored, "status": "off"})
    hooks.delete(f"/fhir/Subscription/{ids_[1]}")

    hooks.post("/fhir/Observation", json=marked(code))
    turn()

    assert [c.headers["X-Subscription"] for c in peer.arrived] == [f"Subscription/{ids_[2]}"]
    assert hooks.get(f"/fhir/Subscription/{ids_[0]}").json["status"] == "off"


def test_a_redirect_is_not_followed(hooks, peer, turn, subscribe):
    code = ids.new()
    id_ = subscribe(f"Observation?code=urn:test|{code}", peer.address)
    peer.answer = lambda _: 302

    hooks.post("/fhir/Observation", json=marked(code))
    turn(4)

    assert hooks.get(f"/fhir/Subscription/{id_}").json["error"] == "the endpoint answered 302"


def test_what_was_committed_before_is_not_told(hooks, peer, turn, subscribe):
    code = ids.new()
    hooks.post("/fhir/Observation", json=marked(code))
    subscribe(f"Observation?code=urn:test|{code}", peer.address)
    hooks.post("/fhir/Observation", json=marked(code))
    turn()

    assert peer.numbers() == [1]


def test_what_is_under_way_when_it_begins_is_told(hooks, database, peer, turn, subscribe):
    import threading

    code = ids.new()
    is_written, may_commit = threading.Event(), threading.Event()

    def write():
        with database.transaction() as connection:
            connection.execute("SELECT 1 FROM fhir.change LIMIT 1")
            connection.execute("SELECT pg_current_xact_id()")
            is_written.set()
            may_commit.wait(60)
        database.close()

    # An older transaction keeps the reader from what comes after it, and no more than that.
    thread = threading.Thread(target=write)
    thread.start()
    is_written.wait(60)
    subscribe(f"Observation?code=urn:test|{code}", peer.address)
    hooks.post("/fhir/Observation", json=marked(code))
    turn()
    assert peer.numbers() == []
    may_commit.set()
    thread.join()
    turn()

    assert peer.numbers() == [1]


def test_criteria_may_look_for_words(hooks, peer, turn, subscribe):
    word = f"w{ids.new()[:8]}"
    subscribe(f"Observation?_content={word}", peer.address)

    hooks.post("/fhir/Observation", json=marked("x", note=[{"text": f"a {word} b"}]))
    hooks.post("/fhir/Observation", json=marked("x", note=[{"text": "a b"}]))
    turn()

    assert peer.numbers() == [1]
