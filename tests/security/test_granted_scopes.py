"""Attacks 91 to 96: scopes, and launches from an EHR."""

from __future__ import annotations

import pytest

from fhirserver.storage import launches
from fhirserver.storage.launches import Launch
from tests.answers import done
from tests.smart.dance import told

CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


@pytest.mark.parametrize("scope", ["patient/*.rs", "openid patient/Observation.r"])
def test_091_scopes_of_a_patient_without_one_are_refused(app_of, scope):
    assert told(app_of().ask(scope).location)["error"] == "invalid_scope"


def test_091_a_launch_without_a_patient_gives_no_patient_scope(app_of, database):
    client = app_of()
    token = launches.start(database, Launch(client.client.id, client.user), 60)
    id_ = client.waits(client.ask("launch patient/*.rs", launch=token))

    from fhirserver.errors import Invalid

    client.requests.find(id_, client.who)
    with pytest.raises(Invalid):
        client.requests.allow(id_, client.who, ("launch", "patient/*.rs"))


@pytest.mark.parametrize(
    ("scope", "launch"),
    [
        ("launch user/*.rs", None),
        ("launch patient/*.rs", None),
        ("launch/patient patient/*.rs", "x"),
        ("launch/patient launch/encounter patient/*.rs", None),
    ],
)
def test_096_a_launch_is_asked_for_and_given_or_neither(app_of, scope, launch):
    back = told(app_of().ask(scope, launch=launch).location)

    assert back["error"] in {"invalid_request", "invalid_scope"}


def test_an_app_that_opens_both_ways_can_be_opened_without_an_ehr(app_of):
    token = app_of().token("launch launch/patient patient/*.rs", patient="p1")

    assert token["patient"] == "p1"


@pytest.fixture(scope="module")
def chart(app, token):
    """A patient who signs in, with a laboratory result and a blood pressure."""
    http = app.test_client()
    headers = {"Authorization": f"Bearer {token()}"}

    def create(resource):
        answer = http.post(f"/fhir/{resource['resourceType']}", json=resource, headers=headers)
        return done(answer, 201)["id"]

    patient = create({"resourceType": "Patient", "name": [{"family": "Byron"}]})

    def observed(category):
        return create(
            {
                "resourceType": "Observation",
                "status": "final",
                "code": {"text": category},
                "category": [{"coding": [{"system": CATEGORY, "code": category}]}],
                "subject": {"reference": f"Patient/{patient}"},
            }
        )

    return patient, observed("laboratory"), observed("vital-signs")


def as_patient(app_of, chart, scope, **more):
    client = app_of(fhir_user=f"Patient/{chart[0]}", roles=("patient",))
    return client, client.token(f"launch/patient {scope}", patient=chart[0], **more)["access_token"]


def test_092_what_lies_outside_of_a_constrained_scope_is_not_there(app_of, chart):
    scope = f"patient/Observation.rs?category={CATEGORY}|laboratory"
    client, token = as_patient(app_of, chart, scope)

    assert client.fhir(token, f"Observation/{chart[1]}").status_code == 200
    assert client.fhir(token, f"Observation/{chart[2]}").status_code == 404
    found = done(client.fhir(token, "Observation"))
    assert [e["resource"]["id"] for e in found["entry"]] == [chart[1]]
    assert done(client.fhir(token, f"Observation?_id={chart[2]}"))["total"] == 0


@pytest.mark.parametrize(
    "scope",
    [
        "patient/Observation.rs?code:text=x",
        "patient/Observation.rs?subject.name=x",
        "patient/Observation.rs?_has:Provenance:target:agent=x",
        "patient/Observation.rs?date=2024",
        "patient/Observation.rs?nonsense=x",
        "patient/Observation.rs?category=",
        "patient/Observation.rs?category",
        "patient/Observation.rs?",
        "patient/Observation.rs?category=a|b|c",
        "patient/Observation.rs?category:not=a",
        "patient/*.rs?category=laboratory",
        "patient/Observation.read?category=laboratory",
        "patient/Observation.sr",
        "patient/Observation.rsx",
        "patient/Observation.",
        "patient/Nonsense.rs",
        "patient/observation.rs",
        "group/*.rs",
        "system/*.rs",
        "address",
        "patient/Observation.rs?category=%",
        "patient/Observation.rs?category=%00",
        "patient/Observation.rs?_filter=code",
        "patient/Observation.rs?_query=x",
    ],
)
def test_093_a_scope_that_can_t_be_enforced_is_refused(app_of, scope):
    back = told(app_of().ask(f"launch/patient patient/Patient.rs {scope}").location)

    assert back["error"] == "invalid_scope"
    assert "code" not in back


def test_093_scopes_beyond_the_registration_are_refused_not_dropped(app_of):
    client = app_of(scope="launch/patient patient/Patient.rs")

    back = told(client.ask("launch/patient patient/Patient.rs patient/Observation.rs").location)

    assert back["error"] == "invalid_scope"


@pytest.mark.parametrize(
    ("scope", "read", "search"),
    [("patient/Observation.r", 200, 403), ("patient/Observation.c", 403, 403)],
)
def test_094_one_right_does_not_bring_another(app_of, chart, scope, read, search):
    client, token = as_patient(app_of, chart, scope)

    assert client.fhir(token, f"Observation/{chart[1]}").status_code == read
    assert client.fhir(token, "Observation").status_code == search


def test_095_scopes_give_a_user_no_more_than_their_own_rights(app_of, chart):
    stranger = app_of(fhir_user="Patient/somebody-else", roles=("patient",))
    token = stranger.token("user/*.cruds", patient=None)["access_token"]

    assert stranger.fhir(token, f"Observation/{chart[1]}").status_code in {403, 404}
    found = stranger.fhir(token, "Observation")
    assert found.status_code == 403 or done(found)["total"] == 0


def test_095_a_patient_in_context_gives_a_user_no_more_than_their_own_rights(app_of, chart):
    stranger = app_of(fhir_user="Patient/somebody-else", roles=("patient",))
    token = stranger.token("launch/patient patient/*.rs", patient=chart[0])["access_token"]

    assert stranger.fhir(token, f"Patient/{chart[0]}").status_code == 404
    assert stranger.fhir(token, f"Observation/{chart[1]}").status_code == 404


def test_096_a_launch_works_once(app_of, database):
    client = app_of()
    token = launches.start(database, Launch(client.client.id, client.user, patient="p1"), 60)
    scope = "launch patient/*.rs"
    client.waits(client.ask(scope, launch=token))

    back = told(client.ask(scope, launch=token).location)

    assert back["error"] == "invalid_request"
    assert "code" not in back


@pytest.mark.parametrize("whose", ["user", "app", "nobody", "late"])
def test_096_a_launch_of_somebody_else_is_refused(app_of, database, whose):
    client, other = app_of(), app_of()
    launch = Launch(
        other.client.id if whose == "app" else client.client.id,
        other.user if whose == "user" else client.user,
        patient="p1",
    )
    token = launches.start(database, launch, -1 if whose == "late" else 60)

    given = "nonsense" if whose == "nobody" else token
    back = told(client.ask("launch patient/*.rs", launch=given).location)

    assert back["error"] == "invalid_request"
