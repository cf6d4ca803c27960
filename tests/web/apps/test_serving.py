"""The pages of our own apps, and their files."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.web.apps.conftest import CHART, SCRIPT

ASSET = "/apps/assets/chart-Dk3f.js"


@pytest.fixture
def browser(app):
    return app.test_client()


def policy(answer) -> dict[str, str]:
    """The content security policy by directive."""
    parts = answer.headers["Content-Security-Policy"].split("; ")
    return dict(part.split(" ", 1) for part in parts)


def test_the_root_leads_to_the_launcher_at_the_address_that_clients_are_told(built, make_app):
    browser = make_app(base_url="https://fhir.hospital.example/fhir").test_client()

    for address in ("/", "/apps", "/apps/"):
        answer = browser.get(address)
        assert (answer.status_code, answer.location) == (
            303,
            "https://fhir.hospital.example/apps/home/",
        )


def test_every_address_below_an_app_is_its_page(built, browser):
    for address in ("/apps/chart/", "/apps/chart/patient/1", "/apps/chart/patient/1/a.b?x=y"):
        answer = browser.get(address)
        assert answer.status_code == 200
        assert "<title>Chart</title>" in answer.text
        assert answer.content_type == "text/html; charset=utf-8"


def test_a_missing_slash_is_put_there_and_the_query_is_kept(built, browser):
    answer = browser.get("/apps/chart?iss=https%3A%2F%2Fehr.example&launch=1")

    assert answer.status_code == 303
    assert answer.location == "/apps/chart/?iss=https%3A%2F%2Fehr.example&launch=1"


def test_a_page_is_asked_for_each_time_and_sent_only_when_it_changed(built, browser):
    first = browser.get("/apps/chart/")
    assert first.headers["Cache-Control"] == "no-cache"
    same = browser.get("/apps/chart/x", headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")

    (built / "chart" / "index.html").write_text("<title>New</title>")

    changed = browser.get("/apps/chart/", headers={"If-None-Match": first.headers["ETag"]})
    assert (changed.status_code, changed.text) == (200, "<title>New</title>")


def test_a_file_is_read_again_only_when_it_changed(built, browser, monkeypatch):
    read: list[str] = []
    whole = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path.name) or whole(path))

    for _ in range(3):
        browser.get("/apps/chart/")
        browser.get("/apps/config.json")
    assert sorted(read) == ["apps.json", "index.html"]

    (built / "apps.json").write_text("[]")
    assert browser.get("/apps/config.json").get_json()["apps"] == []
    assert browser.get("/apps/chart/").status_code == 404


def test_no_script_but_ours_runs_on_a_page_and_nobody_frames_it(built, browser):
    answer = browser.get("/apps/chart/")

    found = policy(answer)
    assert found["default-src"] == "'none'"
    assert found["script-src"] == "'self'"
    assert found["form-action"] == "'self'"
    assert found["base-uri"] == "'none'"
    assert found["frame-ancestors"] == "'none'"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "camera=()" in answer.headers["Permissions-Policy"]


def test_an_app_gets_what_it_says_it_needs_and_no_other_does(built, browser):
    answer = browser.get("/apps/imaging/")

    assert policy(answer)["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert "camera=(self)" in answer.headers["Permissions-Policy"]
    assert "wasm-unsafe-eval" not in browser.get("/apps/home/").headers["Content-Security-Policy"]


def test_a_page_may_call_us_live_updates_and_the_issuers_that_are_named(built, make_app):
    browser = make_app(
        base_url="https://fhir.hospital.example/fhir",
        app_issuers="https://ehr.example/api/fhir https://other.example:8443/r4",
        app_connect_origins="https://login.ehr.example",
    ).test_client()

    assert policy(browser.get("/apps/chart/"))["connect-src"] == (
        "'self' https://ehr.example https://other.example:8443 https://login.ehr.example"
    )
    assert (
        "connect-src 'self' https://ehr.example"
        in (browser.get(ASSET).headers["Content-Security-Policy"])
    )


def test_without_a_proxy_live_updates_are_at_a_port_of_their_own(built, make_app):
    browser = make_app(port=9000).test_client()

    assert policy(browser.get("/apps/chart/"))["connect-src"] == "'self' http://127.0.0.1:9001"
    assert browser.get("/apps/config.json").json["push"] == "http://127.0.0.1:9001/push"


def test_an_ehr_that_is_named_may_frame_the_pages(built, make_app):
    browser = make_app(
        base_url="https://fhir.hospital.example/fhir", frame_origins="https://ehr.example"
    ).test_client()

    answer = browser.get("/apps/chart/")

    assert policy(answer)["frame-ancestors"] == "https://ehr.example"
    assert "X-Frame-Options" not in answer.headers


def test_files_are_kept_for_a_year(built, browser):
    answer = browser.get(ASSET)

    assert (answer.status_code, answer.data) == (200, SCRIPT)
    assert answer.content_type == "text/javascript; charset=utf-8"
    found = answer.cache_control
    assert (found.max_age, found.immutable, found.no_cache) == (31_536_000, True, None)
    assert "Content-Encoding" not in answer.headers
    assert browser.get("/apps/assets/codec-9aB2.wasm").content_type == "application/wasm"


def test_files_are_sent_zipped_to_who_takes_it(built, browser):
    plain = browser.get(ASSET)
    answer = browser.get(ASSET, headers={"Accept-Encoding": "br, gzip"})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.content_type == "text/javascript; charset=utf-8"
    assert gzip.decompress(answer.data) == SCRIPT
    assert answer.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["ETag"] != plain.headers["ETag"]
    refused = browser.get(ASSET, headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers


def test_nothing_outside_of_the_folder_is_sent(built, browser):
    (built.parent / "secret.js").write_text("secret")
    (built / "assets" / "link.js").symlink_to(built.parent / "secret.js")

    for name in (
        "../apps.json",
        "../../secret.js",
        "%2e%2e/apps.json",
        "..%2fapps.json",
        "..%5capps.json",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "a%00.js",
        ".",
        "link.js",
        "nothing.js",
    ):
        answer = browser.get(f"/apps/assets/{name}")
        assert answer.status_code in {303, 404}, name
        assert "secret" not in answer.text


def test_what_lies_beside_the_apps_is_sent_and_what_is_hidden_is_not(built, browser):
    (built / ".vite").mkdir()
    (built / ".vite" / "manifest.json").write_text("{}")

    assert browser.get("/apps/mark.svg").content_type.startswith("image/svg+xml")
    assert browser.get("/apps/mark.svg").headers["Cache-Control"] == "no-cache"
    assert browser.get("/apps/.vite/manifest.json").status_code == 404


def test_an_app_that_is_none_is_a_page_that_says_so(built, browser):
    for address in ("/apps/nothing/", "/apps/assets/", "/apps/..%2f/"):
        answer = browser.get(address)
        assert answer.status_code == 404, address
    answer = browser.get("/apps/nothing/x")
    assert "There is no such app" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_where_nothing_is_built_a_page_says_what_to_do(unbuilt, browser):
    home = browser.get(browser.get("/").location)
    assert home.status_code == 503
    assert "make apps" in home.text
    assert browser.get("/apps/chart/patient/1").status_code == 503
    assert browser.get(ASSET).status_code == 404
    assert browser.get("/apps/config.json").json["apps"] == []
    assert browser.get("/fhir/metadata").status_code == 200


def test_pages_take_no_posts(built, browser):
    assert browser.post("/apps/chart/").status_code == 405


def test_the_configuration_has_the_apps_by_their_order_without_the_launcher(built, make_app):
    settings = {
        "base_url": "https://fhir.hospital.example/fhir",
        "app_issuers": "https://ehr.example/api/fhir/",
        "app_clients": "chart@https://ehr.example/api/fhir=ab-12",
        "site_name": "St. Example",
    }
    answer = make_app(**settings).test_client().get("/apps/config.json")

    found = answer.json
    assert answer.headers["Cache-Control"] == "no-cache"
    assert [app["name"] for app in found["apps"]] == ["imaging", "chart"]
    assert found["apps"][1] == CHART
    assert found["issuer"] == "https://fhir.hospital.example/fhir"
    assert found["issuers"] == [found["issuer"], "https://ehr.example/api/fhir"]
    assert found["clients"] == {"https://ehr.example/api/fhir": {"chart": "ab-12"}}
    assert found["push"] == "https://fhir.hospital.example/push"
    assert found["dicomweb"] == "https://fhir.hospital.example/dicom-web"
    assert found["siteName"] == "St. Example"
    assert found["demo"] is False


def test_other_origins_may_not_read_the_pages(built, browser):
    for address in ("/apps/chart/", "/apps/config.json", ASSET):
        answer = browser.get(address, headers={"Origin": "https://elsewhere.example"})
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_files_count_for_no_limit_as_a_whole_ward_may_come_from_one_address(built, make_app):
    browser = make_app(address_requests_per_minute=3).test_client()
    browser.environ_base["REMOTE_ADDR"] = "10.99.1.7"

    assert {browser.get(ASSET).status_code for _ in range(10)} == {200}
