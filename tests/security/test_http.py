"""Attack 116, as far as the application answers it; what only the wire shows is in test_wire."""

from __future__ import annotations

import pytest
from flask import Response, jsonify, request

from fhirserver.settings import InvalidSetting, Settings
from fhirserver.web.protection.proxies import Trust
from tests.answers import done, refused
from tests.builders import a_patient

BASE = "https://fhir.hospital.example/r4/fhir"
SPOOFED = {
    "Host": "evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "gopher",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-For": "192.0.2.66",
    "X-Original-URL": "/evil",
    "Forwarded": "host=evil.example;proto=gopher",
    "X-Real-IP": "192.0.2.66",
}


@pytest.fixture(scope="module")
def hospital(make_app):
    """A server with a public name, behind two proxies, with an address that says who asked."""
    app = make_app(base_url=BASE, trusted_proxies="10.0.0.0/24, 2001:db8::1")

    @app.get("/who")
    def who() -> Response:
        return jsonify(address=request.remote_addr, url=request.url)

    @app.get("/page")
    def page() -> Response:
        return Response("<p>", content_type="text/html; charset=utf-8")

    @app.get("/framed")
    def framed() -> Response:
        return Response("<p>", headers={"Content-Security-Policy": "frame-ancestors https://a"})

    return app


@pytest.fixture
def public(hospital, client_of):
    return client_of(hospital)


@pytest.mark.parametrize(
    "address",
    ["/fhir/Patient?_count=1", "/fhir/Patient/none", "/fhir/Patient?x=1", "/nowhere", "/livez",
     "/metrics", "/fhir/metadata", "/fhir/Patient?access_token=a"],
)  # fmt: skip
def test_116_every_response_has_the_headers_that_keep_it_to_itself(public, address):
    headers = public.get(address).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Permissions-Policy"]
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert headers["Cache-Control"] == ("no-cache" if "metadata" in address else "no-store")


def test_116_an_unexpected_failure_has_them_too(public, hospital, monkeypatch):
    def fail(*_):
        raise RuntimeError

    monkeypatch.setattr(hospital.extensions["fhirserver"], "handle", fail)

    answer = public.get("/fhir/Patient/1")

    refused(answer, 500)
    assert answer.headers["Cache-Control"] == "no-store"


def test_116_a_page_runs_no_script_but_ours(public):
    headers = public.get("/page").headers

    policy = headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_116_a_page_may_have_a_policy_of_its_own(public):
    assert public.get("/framed").headers["Content-Security-Policy"] == "frame-ancestors https://a"


def test_116_without_https_nobody_is_told_to_insist_on_it(client):
    assert "Strict-Transport-Security" not in client.get("/livez").headers


def test_116_no_header_of_a_client_gets_into_a_link(public):
    made = public.post("/fhir/Patient", json=a_patient(), headers=SPOOFED)
    bundle = done(public.get("/fhir/Patient?_count=1", headers=SPOOFED))

    assert made.headers["Location"].startswith(BASE)
    assert all(li["url"].startswith(BASE) for li in bundle["link"])
    assert all(e["fullUrl"].startswith(BASE) for e in bundle["entry"])
    assert "evil" not in str(made.headers) + str(bundle)


def test_116_host_and_scheme_are_those_of_the_setting(public):
    assert public.get("/who", headers=SPOOFED).json == {
        "address": "127.0.0.1",
        "url": "https://fhir.hospital.example/who",
    }


@pytest.mark.parametrize(
    ("peer", "told", "believed"),
    [
        ("192.0.2.1", "192.0.2.66", "192.0.2.1"),
        ("10.0.0.9", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.9", "192.0.2.66, 192.0.2.7", "192.0.2.7"),
        ("10.0.0.9", "192.0.2.66, 192.0.2.7, 10.0.0.8", "192.0.2.7"),
        ("10.0.0.9", "192.0.2.66, 10.0.1.8", "10.0.1.8"),
        ("2001:db8::1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.9", "[2001:db8::7]:4711", "2001:db8::7"),
        ("10.0.0.9", "unknown", "10.0.0.9"),
        ("10.0.0.9", "192.0.2.66, <script>", "10.0.0.9"),
        ("10.0.0.9", ",,", "10.0.0.9"),
        ("10.0.0.9", "x" * 10_000, "10.0.0.9"),
        ("10.0.0.9", "192.0.2.7:4711", "192.0.2.7"),
        ("", "192.0.2.66", ""),
    ],
)
def test_116_only_a_proxy_that_is_named_tells_the_address(public, peer, told, believed):
    answer = public.get(
        "/who", headers={"X-Forwarded-For": told}, environ_overrides={"REMOTE_ADDR": peer}
    )

    assert answer.json["address"] == believed


def test_116_a_proxy_that_is_none_is_refused_at_start():
    with pytest.raises(InvalidSetting, match="FHIRSERVER_TRUSTED_PROXIES"):
        Trust(Settings(trusted_proxies="proxy.example"))


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT"])
@pytest.mark.parametrize("address", ["/fhir/Patient", "/fhir", "/livez", "/metrics", "/page"])
def test_116_nothing_is_traced(public, method, address):
    answer = public.open(address, method=method, headers={"X-Mark": "Qwyjibo"})

    assert answer.status_code == 405
    assert "Qwyjibo" not in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "access_token=abc",
        "_count=1&access_token=abc",
        "access%5Ftoken=abc",
        "%61ccess_token=abc",
        "access_token",
        "+access_token=abc",
        "refresh_token=abc",
        "id_token=abc",
        "client_secret=abc",
        "client_assertion=abc",
        "password=abc",
    ],
)
@pytest.mark.parametrize("address", ["/fhir/Patient", "/fhir/metadata", "/livez", "/nowhere"])
def test_116_a_secret_in_an_address_is_refused_with_the_reason(public, address, query):
    answer = public.get(f"{address}?{query}")

    text = refused(answer, 400)["diagnostics"]
    assert "must not be in an address" in text
    assert "abc" not in answer.text


@pytest.mark.parametrize(
    "query", ["identifier=access_token", "name=a%26access_token%3Db", "_tag=x|client_secret"]
)
def test_116_a_value_that_looks_like_a_secrets_name_is_none(public, query):
    assert public.get(f"/fhir/Patient?{query}").status_code == 200
