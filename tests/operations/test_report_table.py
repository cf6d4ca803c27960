"""MeasureReport/$table: a report as a file."""

from __future__ import annotations

import pytest

from tests.answers import done, refused
from tests.reports.test_documents import REPORT


@pytest.fixture
def client(make_app, token):
    client = make_app().test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token()}"
    return client


@pytest.mark.parametrize(
    ("name", "kind", "begins"),
    [
        ("csv", "text/csv; charset=utf-8", b"Report,From"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK"),
        ("pdf", "application/pdf", b"%PDF"),
    ],
)
def test_a_stored_report_is_a_file(client, name, kind, begins):
    made = done(client.post("/fhir/MeasureReport", json=REPORT), 201)["id"]

    answer = client.get(f"/fhir/MeasureReport/{made}/$table?_format={name}")

    assert answer.status_code == 200
    assert answer.content_type == kind
    assert answer.headers["Content-Disposition"] == f'attachment; filename="report.{name}"'
    assert answer.data.startswith(begins)


def test_reports_that_are_sent_are_one_file(client):
    sent = {"resourceType": "Parameters",
            "parameter": [{"name": "report", "resource": REPORT}] * 2}  # fmt: skip

    answer = client.post("/fhir/MeasureReport/$table", json=sent, headers={"Accept": "text/csv"})

    assert answer.status_code == 200
    assert answer.text.count("Proportion,all") == 2


def test_who_may_not_read_the_report_gets_no_file(make_app, token, client):
    made = done(client.post("/fhir/MeasureReport", json=REPORT), 201)["id"]
    other = make_app().test_client()
    other.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token('system/Measure.rs')}"

    assert other.get(f"/fhir/MeasureReport/{made}/$table").status_code == 403


def test_an_absent_report_is_not_found(client):
    refused(client.get("/fhir/MeasureReport/absent/$table"), 404)


def test_of_nothing_there_is_no_table(client):
    refused(client.post("/fhir/MeasureReport/$table", json={"resourceType": "Parameters"}), 400)
