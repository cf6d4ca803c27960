"""Attacks 80 to 98: codes, refresh tokens, scopes, launches, registration."""

from __future__ import annotations

import time

import pytest

from fhirserver.storage import grants, launches
from fhirserver.storage.launches import Launch
from tests.answers import done
from tests.security.test_tokens import registering
from tests.smart.dance import BASE, PATIENT, REDIRECT, dancer, told

CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


@pytest.fixture
def app_of(app, database):
    return lambda kind="public", **more: dancer(app, database, kind, **more)


def invalid(answer, error="invalid_grant", status=400) -> None:
    assert (answer.status_code, answer.json["error"]) == (status, error), answer.text


def test_080_a_code_twice_ends_what_it_brought(app_of):
    client = app_of()
    code = client.code()
    token = client.exchange(code).json
    assert client.fhir(token["access_token"]).status_code == 404

    invalid(client.exchange(code))
    assert client.fhir(token["access_token"]).status_code == 401
    invalid(client.refresh(token["refresh_token"]))


def test_081_of_twenty_redemptions_at_once_one_brings_tokens(app_of, app, database, at_once):
    client = app_of()
    code = client.code()
    answers = []

    def redeem(number):
        data = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "client_id": client.client.id,
            "code_verifier": client.verifier,
        }
        answers.append(app.test_client().post("/oauth/token", data=data).status_code)

    at_once(redeem, range(20))

    assert all(status in {200, 400} for status in answers)
    assert answers.count(200) <= 1
    rows = database.read(
        "SELECT count(*) FILTER (WHERE t.kind = 'access') FROM access.token t "
        "JOIN access.family f ON f.id = t.family WHERE f.client = %s",
        (client.client.id,),
    )
    assert rows[0][0] <= 1


def test_082_a_code_of_another_client_redirect_or_time_is_refused(app_of, database):
    one, other = app_of("symmetric"), app_of("symmetric")
    code = one.code()
    other.verifier = one.verifier
    invalid(other.exchange(code))

    invalid(one.exchange(one.code(), redirect_uri=f"{REDIRECT}/"))
    invalid(one.exchange(one.code(), redirect_uri=None))
    code = one.code()
    database.write("UPDATE access.authorization_code SET expires = now() - interval '1 second'")
    invalid(one.exchange(code))


def test_082_a_code_lives_a_minute_at_most(app_of, database):
    client = app_of()
    client.code()

    rows = database.read(
        "SELECT max(expires) <= now() + interval '60 seconds' FROM access.authorization_code "
        "WHERE client = %s",
        (client.client.id,),
    )
    assert rows == [(True,)]


@pytest.mark.parametrize("verifier", [None, "", "a" * 43, "a" * 129, "a" * 42, "ä" * 43])
def test_083_a_verifier_that_is_missing_or_wrong_is_refused(app_of, verifier):
    client = app_of()

    answer = client.exchange(client.code(), code_verifier=verifier)

    assert answer.status_code == 400
    assert answer.json["error"] in {"invalid_grant", "invalid_request"}


@pytest.mark.parametrize("method", ["plain", "s256", "", None, "S256 plain"])
def test_083_pkce_is_s256_or_nothing(app_of, method):
    back = told(app_of("symmetric").ask(code_challenge_method=method).location)

    assert back["error"] == "invalid_request"


@pytest.mark.parametrize(
    "aud",
    [
        None,
        "https://other.example/fhir",
        f"{BASE}.evil.example",
        f"{BASE}@evil.example",
        f"{BASE}/Patient",
        BASE.upper(),
        "http://127.0.0.1:8000",
    ],
)
def test_084_a_request_for_another_server_brings_no_code(app_of, aud):
    back = told(app_of().ask(aud=aud).location)

    assert back["error"] == "invalid_request"
    assert "code" not in back


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        f"{REDIRECT}/",
        f"{REDIRECT}/more",
        f"{REDIRECT}?a=b",
        f"{REDIRECT}#x",
        "https://app.example/BACK",
        "https://APP.example/back",
        "https://app.example:443/back",
        "https://app.example/../back",
        "https://app.example/x/../back",
        "https://app.example%2Fback",
        "https://app.example@evil.example/back",
        "https://app.example.evil.example/back",
        "http://app.example/back",
        "//app.example/back",
        "javascript:alert(1)",
        "https://app.example/back\r\nLocation: https://evil.example",
        'https://app.example/"><script>',
        "https://app.example/bäck",
    ],
)
@pytest.mark.parametrize("is_wrong_otherwise", [False, True])
def test_085_a_redirect_that_almost_matches_is_never_followed(app_of, address, is_wrong_otherwise):
    more = {"response_type": "token", "scope": "nonsense"} if is_wrong_otherwise else {}

    answer = app_of().ask(redirect_uri=address, **more)

    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert "<script>" not in answer.text


def test_085_an_unknown_client_s_request_is_a_page_and_no_redirect(app_of):
    answer = app_of().ask(client_id="nobody")

    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize("name", ["state", "nonce", "scope", "launch", "client_id", "aud"])
@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x=1", "x" * 100_000, "a\0b", "a\x7fb", "ü"])
def test_086_line_breaks_and_megabytes_in_parameters_are_refused(app_of, name, value):
    answer = app_of().ask(**{name: value})

    assert answer.status_code in {400, 413, 414}
    assert "Location" not in answer.headers
    assert not any("x=1" in cookie for cookie in answer.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize(
    "name", ["client_id", "redirect_uri", "scope", "state", "aud", "code_challenge", "nonce", "x"]
)
def test_087_a_parameter_twice_is_refused_at_the_authorize_address(app_of, name):
    from urllib.parse import urlencode

    client = app_of()
    asked = {"nonce": "1", "x": "1", **client.parameters()}
    pairs = [*asked.items(), (name, asked[name])]

    assert client.http.get(f"/oauth/authorize?{urlencode(pairs)}").status_code == 400
    form = {"content_type": "application/x-www-form-urlencoded"}
    twice = client.http.post("/oauth/authorize", data=urlencode(pairs), **form)
    assert twice.status_code == 400
    query = urlencode([(name, "other")])
    answer = client.http.post(f"/oauth/authorize?{query}", data=asked)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize("name", ["grant_type", "code", "client_id", "code_verifier"])
def test_087_a_parameter_twice_is_refused_at_the_token_address(app_of, name):
    client = app_of()
    values = {
        "grant_type": "authorization_code",
        "code": client.code(),
        "redirect_uri": REDIRECT,
        "client_id": client.client.id,
        "code_verifier": client.verifier,
    }
    twice = values | {name: [values[name], "other"]}

    invalid(client.http.post("/oauth/token", data=twice), "invalid_request")
    answer = client.http.post(f"/oauth/token?{name}=other", data=values)
    invalid(answer, "invalid_request")


def test_088_a_refresh_token_twice_ends_the_whole_grant(app_of):
    client = app_of()
    first = client.token()
    second = client.refresh(first["refresh_token"]).json

    invalid(client.refresh(first["refresh_token"]))
    invalid(client.refresh(second["refresh_token"]))
    assert client.fhir(second["access_token"]).status_code == 401


def test_088_of_many_refreshes_at_once_one_brings_tokens(app_of, app, at_once):
    client = app_of()
    first = client.token()
    answers = []

    def refresh(number):
        data = {
            "grant_type": "refresh_token",
            "refresh_token": first["refresh_token"],
            "client_id": client.client.id,
        }
        answers.append(app.test_client().post("/oauth/token", data=data).status_code)

    at_once(refresh, range(8))

    assert answers.count(200) <= 1
    assert set(answers) <= {200, 400}


@pytest.mark.parametrize(
    "scope",
    ["patient/*.cruds", "user/*.rs", "patient/*.rs user/Patient.r", "system/*.rs", "launch"],
)
def test_089_a_refresh_that_asks_for_more_is_refused(app_of, scope):
    client = app_of()
    token = client.token()["refresh_token"]

    invalid(client.refresh(token, scope=scope), "invalid_scope")


def test_090_a_refresh_after_the_user_has_withdrawn_the_app_is_refused(app_of, database):
    client = app_of()
    token = client.token()
    grants.revoke_client(database, client.client.id, client.user)

    invalid(client.refresh(token["refresh_token"]))


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


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uris": ["javascript:alert(1)"]},
        {"redirect_uris": ["data:text/html,x"]},
        {"redirect_uris": ["http://app.example/back"]},
        {"redirect_uris": ["http://127.0.0.1.evil.example/back"]},
        {"redirect_uris": ["https://app.example/back#x"]},
        {"redirect_uris": ["https://good@evil.example/"]},
        {"redirect_uris": ["https://app.example/../back"]},
        {"redirect_uris": ["https://app.example/\r\n"]},
        {"redirect_uris": ["https:///back"]},
        {"redirect_uris": []},
        {"redirect_uris": "https://app.example/back"},
        {"redirect_uris": None},
        {"initiate_login_uri": "javascript:alert(1)"},
        {"logo_uri": "http://169.254.169.254/"},
        {"policy_uri": "javascript:alert(1)"},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "http://app.example/k"},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://127.0.0.1/k"},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://localhost/k"},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://10.0.0.7/k"},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "file:///etc/passwd"},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": "tls_client_auth"},
        {"token_endpoint_auth_method": ["none"]},
        {"grant_types": ["client_credentials"]},
        {"grant_types": ["implicit"]},
        {"grant_types": ["password"]},
        {"response_types": ["token"]},
        {"scope": "system/*.rs"},
        {"scope": "nonsense"},
        {"scope": None},
        {"client_name": "a\nb"},
        {"software_statement": "eyJ.eyJ.x"},
    ],
)
def test_097_harmful_registrations_are_refused(make_app, changed):
    metadata = {
        "client_name": "App",
        "redirect_uris": ["https://app.example/back"],
        "token_endpoint_auth_method": "none",
        "scope": "launch/patient patient/*.rs",
        **changed,
    }

    answer = registering(make_app).post("/oauth/register", json=metadata)

    assert answer.status_code == 400
    assert answer.json["error"] in {"invalid_client_metadata", "invalid_redirect_uri"}


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b"\xff", b'{"a":' * 100])
def test_097_bodies_that_are_no_metadata_are_refused(make_app, body):
    answer = registering(make_app).post("/oauth/register", data=body)

    assert answer.status_code == 400


def test_097_one_address_registers_only_so_many_apps(make_app):
    http = registering(make_app)

    statuses = {http.post("/oauth/register", json={}).status_code for _ in range(200)}

    assert 429 in statuses


def test_097_there_is_a_bound_to_how_many_clients_register(make_app, database):
    count = database.read("SELECT count(*) FROM access.client")[0][0]
    http = make_app(client_registration="open", max_clients=count + 1).test_client()
    metadata = {
        "redirect_uris": ["https://app.example/back"],
        "token_endpoint_auth_method": "none",
        "scope": "launch/patient patient/*.rs",
    }

    statuses = [http.post("/oauth/register", json=metadata).status_code for _ in range(3)]

    assert statuses == [201, 400, 400]


def test_097_registration_is_off_unless_it_is_turned_on(app):
    assert app.test_client().post("/oauth/register", json={}).status_code == 404


def test_097_an_invitation_registers_one_client(make_app, database):
    from fhirserver.storage.clients import client_by_id, invite

    http = make_app(client_registration="token").test_client()
    metadata = {
        "redirect_uris": ["http://127.0.0.1/back", "org.example.app:/back"],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": "launch/patient patient/*.rs",
    }
    headers = {"Authorization": f"Bearer {invite(database, 60)}"}

    assert http.post("/oauth/register", json=metadata).status_code == 401
    made = http.post("/oauth/register", json=metadata, headers=headers)
    assert http.post("/oauth/register", json=metadata, headers=headers).status_code == 401

    assert made.status_code == 201
    client = client_by_id(database, made.json["client_id"])
    assert client.has_secret(made.json["client_secret"])
    assert made.json["client_secret"].encode() not in bytes(client.secret)


def test_098_tokens_of_others_are_not_active_for_a_client(app_of):
    owner, other = app_of("symmetric"), app_of("symmetric")
    token = owner.token()

    for secret in (token["access_token"], token["refresh_token"]):
        answer = other.send("/oauth/introspect", token=secret)
        assert (answer.status_code, answer.json) == (200, {"active": False})


@pytest.mark.parametrize("kind", ["public", "symmetric", "asymmetric"])
def test_098_who_does_not_prove_who_they_are_is_told_nothing(app_of, kind):
    client = app_of(kind)
    token = client.token()["access_token"]
    nothing = {"token": token, "client_id": client.client.id}

    for data, headers in (
        (nothing, {}),
        ({**nothing, "client_secret": "wrong"}, {}),
        ({"token": token}, {"Authorization": "Basic gICAgA=="}),
        ({"token": token}, {"Authorization": "Basic !!"}),
        ({"token": token}, {"Authorization": "Bearer nonsense"}),
        ({"token": token}, {}),
    ):
        answer = client.http.post("/oauth/introspect", data=data, headers=headers)
        assert answer.status_code == 401, (data, headers)
        assert "active" not in answer.json


def test_098_a_client_proves_itself_on_introspection_in_its_own_way_only(app_of):
    client = app_of("asymmetric")
    token = client.token()["access_token"]
    client.key, client.secret = None, "anything"

    assert client.send("/oauth/introspect", token=token).status_code == 401


def test_secrets_are_not_stored_as_they_are(app_of, database):
    client = app_of("symmetric")
    code = client.code()
    token = client.exchange(code).json
    everything = str(
        database.read(
            "SELECT c::text FROM access.client c UNION ALL SELECT t::text FROM access.token t "
            "UNION ALL SELECT r::text FROM access.redeemed_code r "
            "UNION ALL SELECT f::text FROM access.family f"
        )
    )

    for secret in (client.secret, code, token["access_token"], token["refresh_token"]):
        assert secret not in everything
        assert secret.encode().hex() not in everything


def test_an_old_authorization_request_is_over(app_of, database):
    client = app_of()
    id_ = client.waits(client.ask(PATIENT))
    database.write("UPDATE access.pending SET expires = now() - interval '1 second'")

    assert client.requests.find(id_, client.who) is None


def test_a_request_is_its_first_user_s_only(app_of):
    client, other = app_of(), app_of()
    id_ = client.waits(client.ask(PATIENT))

    assert other.requests.find(id_, other.who) is None
    assert client.requests.find(id_, client.who) is not None


def test_the_token_endpoint_answers_quickly_for_garbage(app_of):
    client = app_of()
    started = time.monotonic()

    for value in ("x" * 1900, "..", "a.b.c"):
        client.http.post(
            "/oauth/token",
            data={"grant_type": "authorization_code", "code": value, "client_id": value},
        )

    assert time.monotonic() - started < 5
