"""Limits for each caller, as callers see them."""

from __future__ import annotations

import threading
import time

import pytest

from fhirserver.errors import Unavailable
from fhirserver.interactions.routing import Route
from fhirserver.settings import Settings
from fhirserver.web.protection.limits import Limits
from fhirserver.web.protection.memory import Memory, free_bytes
from fhirserver.web.protection.running import Running
from tests.answers import done, refused
from tests.builders import a_patient
from tests.pace import assert_soon, least

ME = ("user", "1")
SEARCH = "/fhir/Patient?_count=0"
USER = "user/*.cruds"


@pytest.fixture
def of(make_app, token):
    """A client of a server with limits, whose token has this scope."""

    def make(scope=USER, **settings):
        made = make_app(**settings).test_client()
        if scope is not None:
            made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token(scope)}"
        return made

    return make


def throttled(answer, setting):
    issue = refused(answer, 429)
    assert issue["code"] == "throttled"
    assert 1 <= int(answer.headers["Retry-After"]) <= 120
    assert "try again in" in issue["diagnostics"]
    assert setting in issue["diagnostics"]


def test_a_user_may_send_so_many_requests_in_a_minute(of):
    client = of(requests_per_minute=3)

    for _ in range(3):
        done(client.get(SEARCH))

    throttled(client.get(SEARCH), "FHIRSERVER_REQUESTS_PER_MINUTE")
    throttled(client.get("/fhir/Patient/1"), "FHIRSERVER_REQUESTS_PER_MINUTE")
    assert client.get("/livez").status_code == 200


def test_a_system_is_not_limited_unless_a_setting_says_so(of):
    client = of("system/*.cruds", requests_per_minute=1)
    for _ in range(5):
        done(client.get(SEARCH))

    client = of("system/*.cruds", system_requests_per_minute=1)
    done(client.get(SEARCH))
    throttled(client.get(SEARCH), "FHIRSERVER_SYSTEM_REQUESTS_PER_MINUTE")


def test_heavy_requests_have_a_budget_of_time_and_light_ones_go_on(of, monkeypatch):
    client = of(heavy_seconds_per_minute=1)
    real = time.perf_counter
    ticks = iter(range(0, 10_000, 2))
    monkeypatch.setattr(
        "fhirserver.web.protection.limits.time.perf_counter", lambda: real() + next(ticks)
    )

    done(client.get(SEARCH))

    throttled(client.get(SEARCH), "FHIRSERVER_HEAVY_SECONDS_PER_MINUTE")
    assert client.get("/fhir/Patient/none").status_code == 404
    done(client.post("/fhir/Patient", json=a_patient()), 201)


def test_without_a_token_the_address_is_what_counts(of):
    client = of(None, address_requests_per_minute=3)
    for _ in range(3):
        done(client.get("/fhir/metadata?_elements=status"))

    throttled(client.get("/fhir/metadata"), "FHIRSERVER_ADDRESS_REQUESTS_PER_MINUTE")
    other = client.get(
        "/fhir/metadata?_elements=status", environ_overrides={"REMOTE_ADDR": "127.0.0.2"}
    )
    assert other.status_code == 200
    assert client.get("/livez").status_code == 200


def test_whose_tokens_are_none_is_stopped_by_address(of):
    client = of(None, address_requests_per_minute=3)
    wrong = {"Authorization": "Bearer nonsense"}
    for _ in range(3):
        refused(client.get("/fhir/Patient/1", headers=wrong), 401)

    refused(client.get("/fhir/Patient/1", headers=wrong), 429)


def test_who_has_a_token_is_not_counted_by_address(of):
    client = of("system/*.cruds", address_requests_per_minute=2)

    for _ in range(5):
        done(client.get(SEARCH))


def test_sign_ins_are_limited_by_address_and_the_page_says_so(of):
    client = of(None, sign_ins_per_minute=20)
    for _ in range(20):
        assert client.post("/signin").status_code != 429

    answer = client.post("/signin")

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "too many sign-ins from your address" in answer.text
    assert client.get("/signin").status_code == 200


def test_registrations_are_limited_by_address(of):
    client = of(None)
    for _ in range(20):
        assert client.post("/oauth/register").status_code != 429

    throttled(client.post("/oauth/register"), "try again")


def test_limits_can_be_turned_off(of):
    off = dict.fromkeys(
        ["requests_per_minute", "heavy_seconds_per_minute", "slow_requests_at_once",
         "address_requests_per_minute", "sign_ins_per_minute", "max_bytes_in_flight",
         "min_free_mbytes"], 0,
    )  # fmt: skip
    client = of(**off)

    done(client.get(SEARCH))
    done(client.post("/fhir/Patient", json=a_patient(name=[{"text": "a" * 90_000}])), 201)


def test_slow_requests_of_one_caller_leave_room_for_others():
    running = Running(threads=4)
    running._since[ME] = [time.monotonic() - 2, time.monotonic() - 2]

    assert running.begin(ME, 2) is None
    assert running.begin(("user", "2"), 2) is not None
    running.end(ME, running._since[ME][0])
    assert running.begin(ME, 2) is not None


def test_quick_requests_side_by_side_only_wait():
    running = Running(threads=3)
    began = [running.begin(ME, 2), running.begin(ME, 2)]
    assert None not in began

    threading.Timer(0.1, running.end, (ME, began[0])).start()

    assert running.begin(ME, 2) is not None


def test_who_has_all_threads_but_one_is_refused_once_that_is_slow(monkeypatch):
    monkeypatch.setattr("fhirserver.web.protection.running.SLOW_SECONDS", 0.05)
    running = Running(threads=3)
    running.begin(ME, 2)
    running.begin(ME, 2)
    start = time.monotonic()

    assert running.begin(ME, 2) is None
    assert time.monotonic() - start < 1


def test_a_slow_request_too_many_is_told_to_come_back(of):
    client = of()
    limits = client.application.extensions["limits"]
    running = limits.running
    done(client.get(SEARCH))
    caller = ("user", "test", "")
    running._since[caller] = [time.monotonic() - 2] * 3

    throttled(client.get(SEARCH), "FHIRSERVER_SLOW_REQUESTS_AT_ONCE")
    assert client.get("/fhir/Patient/none").status_code == 404


def test_nothing_is_left_behind_by_requests_that_end_well_or_badly(of):
    client = of()
    big = a_patient(name=[{"text": "a" * 90_000}])

    client.get(SEARCH)
    client.get("/fhir/Patient?foo=1")
    client.post("/fhir/Patient", json=big)
    client.post("/fhir/Patient", data=b"x" * 90_000, content_type="application/fhir+json")

    limits = client.application.extensions["limits"]
    assert limits.running._since == {}
    assert limits.memory._held == 0


def test_large_bodies_are_let_in_while_there_is_room():
    memory = Memory(most_bytes=100, least_free_bytes=0)
    memory.hold(500)  # alone
    with pytest.raises(Unavailable):
        memory.hold(1)
    memory.hold(1000, already=500)  # the same one turns out to be larger
    memory.release(1500)
    memory.hold(60)
    memory.hold(40)

    with pytest.raises(Unavailable):
        memory.hold(1)


def test_a_body_that_does_not_fit_beside_the_others_is_told_to_come_back(of):
    client = of(max_bytes_in_flight=100_000)
    memory = client.application.extensions["limits"].memory
    body = a_patient(name=[{"text": "a" * 90_000}])
    memory.hold(50_000)

    answer = client.post("/fhir/Patient", json=body)

    assert refused(answer, 503)["code"] == "transient"
    assert answer.headers["Retry-After"] == "2"
    done(client.post("/fhir/Patient", json=a_patient()), 201)
    memory.release(50_000)
    done(client.post("/fhir/Patient", json=body), 201)


def test_under_memory_pressure_only_what_is_small_and_light_is_answered(of):
    client = of(min_free_mbytes=1_000_000_000)

    for answer in (
        client.get(SEARCH),
        client.post("/fhir", json={}),
        client.post("/fhir/Patient", json=a_patient(name=[{"text": "a" * 90_000}])),
    ):
        assert "memory" in refused(answer, 503)["diagnostics"]
        assert answer.headers["Retry-After"] == "5"
    assert client.get("/fhir/Patient/none").status_code == 404
    done(client.post("/fhir/Patient", json=a_patient()), 201)


def test_what_is_free_is_the_least_of_machine_and_container(tmp_path):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 9000 kB\nMemAvailable:    5000 kB\n")
    assert free_bytes(meminfo, tmp_path) == 5000 * 1024
    (tmp_path / "memory.max").write_text("max\n")
    assert free_bytes(meminfo, tmp_path) == 5000 * 1024
    (tmp_path / "memory.max").write_text("3000000\n")
    (tmp_path / "memory.current").write_text("2500000\n")
    (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 100000\n")
    assert free_bytes(meminfo, tmp_path) == 600_000
    assert free_bytes(tmp_path / "none", tmp_path / "none") is None


def test_deciding_takes_less_than_50_microseconds(app, client):
    limits = Limits(Settings())
    principal = _a_user()
    with app.test_request_context("/fhir/Patient/1", headers={"Authorization": "Bearer x"}):
        from flask import request

        def once():
            limits.arrived(request)
            limits.admit(principal, Route("read", "Patient", "1"), request)
            request.environ["fhirserver.admission"].end()

        once()
        limits.windows._counts.clear()
        best = least(lambda: [once() for _ in range(300)], times=10)
    assert_soon(best, 300 * 50e-6)


def _a_user():
    from fhirserver.access.principal import Principal, User, scopes

    return Principal("1", scopes("user/*.rs"), User("1", "a"), "app")
