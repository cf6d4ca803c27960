"""Each metric on a month whose figures are worked out by hand: tests/reports/hospital.py."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.answers import done, refused
from tests.reports.hospital import END, START, P, bundle


@pytest.fixture(scope="module")
def client(make_app, token):
    client = make_app().test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token()}"
    done(client.post("/fhir", json=bundle()))
    return client


def evaluate(client, metric, **more):
    asked = {"measure": metric, "periodStart": START, "periodEnd": END} | more
    return done(client.get("/fhir/Measure/$evaluate-measure", query_string=asked))


def group(report, statistic):
    return next(g for g in report["group"] if g["code"]["coding"][0]["code"] == statistic)


def score(scored):
    found = scored.get("measureScore")
    return None if found is None else round(Decimal(str(found["value"])), 4)


def counts(scored):
    return {p["code"]["coding"][0]["code"]: p["count"] for p in scored["population"]}


def strata(report, statistic, by):
    """Scores by day, or by the names of the test's wards and clinicians."""
    for found in group(report, statistic).get("stratifier", ()):
        if found["code"][0]["coding"][0]["code"] == by:
            return {_member(s["value"]): score(s) for s in found["stratum"]}
    return {}


def _member(value):
    return value["coding"][0]["code"].rpartition(P)[2] if "coding" in value else value["text"]


def test_admissions_are_stays_that_begin_in_the_period(client):
    report = evaluate(client, "admissions")

    # e1, e3, e4, e5, e6: not e2 (in December), e11 (in February), e7 to e10 (no stays).
    assert score(group(report, "count")) == 5
    assert counts(group(report, "count")) == {"initial-population": 5}
    assert strata(report, "count", "day") == {
        "1987-01-05": 1, "1987-01-10": 1, "1987-01-15": 1, "1987-01-22": 1, "1987-01-29": 1,
    }  # fmt: skip
    # e3 began in A.
    assert strata(report, "count", "ward") == {"A": 4, "B": 1}
    assert strata(report, "count", "clinician") == {"doc1": 3, "doc2": 2}


def test_length_of_stay_is_of_stays_that_end_in_the_period(client):
    report = evaluate(client, "length-of-stay")

    # e1 0.5, e2 3, e4 2, e5 1, e6 (died) 3.
    assert score(group(report, "mean")) == Decimal("1.9")
    assert score(group(report, "median")) == 2
    assert score(group(report, "p90")) == 3
    assert group(report, "mean")["measureScore"]["code"] == "d"
    assert strata(report, "mean", "ward") == {"A": Decimal("1.875"), "B": 2}
    assert strata(report, "mean", "day")["1987-01-06"] == Decimal("0.5")
    assert "1987-01-05" not in strata(report, "mean", "day")


def test_a_stay_that_ends_in_another_ward_is_of_that_ward(client):
    report = evaluate(client, "length-of-stay", periodStart="1987-02-01", periodEnd="1987-02-03")

    assert strata(report, "mean", "ward") == {"B": 5}


def test_occupancy_is_bed_days_of_those_there_were(client):
    report = evaluate(client, "occupancy")

    # A, 2 beds (the third is closed), 62 bed-days: e1 0.5, e2 1.5 (ward and bed are one presence),
    # e3 1 (29th noon to 30th noon), e5 1, e6 3 = 7. B, 31 bed-days: e3 1.5, e4 2 = 3.5.
    assert strata(report, "ratio", "ward")["A"] == round(Decimal(7) / 62, 4)
    assert strata(report, "ratio", "ward")["B"] == round(Decimal("3.5") / 31, 4)
    ward = next(
        s for s in group(report, "ratio")["stratifier"][1]["stratum"]
        if _member(s["value"]) == "A"
    )  # fmt: skip
    assert counts(ward) == {"denominator": 62, "numerator": 7}
    assert len(strata(report, "ratio", "day")) == 31


def test_occupancy_of_a_day_shares_a_stay_over_midnight(client):
    day = evaluate(client, "occupancy", periodStart="1987-01-05", periodEnd="1987-01-05")

    # e1 from 22:00 on: 2 of 24 hours, in 2 beds.
    assert strata(day, "ratio", "ward")["A"] == round(Decimal(2) / 24 / 2, 4)
    assert strata(day, "ratio", "ward")["B"] == 0


def test_readmission_leaves_out_deaths_and_planned_returns(client):
    report = evaluate(client, "readmission")

    # Discharges alive: e1 (back after 9 days: e4), e2 (back after 31 days), e4 (back planned: e5),
    # e5. e6 died.
    assert counts(group(report, "proportion")) == {"denominator": 4, "numerator": 1}
    assert score(group(report, "proportion")) == Decimal("0.25")
    assert strata(report, "proportion", "ward") == {"A": round(Decimal(1) / 3, 4), "B": 0}


def test_lab_turnaround_ends_with_the_first_final_report(client):
    report = evaluate(client, "lab-turnaround")

    # o1 30 minutes (not 10: preliminary; not 600: amended), o2 90, o4 180.
    assert counts(group(report, "mean")) == {"measure-population": 3}
    assert score(group(report, "mean")) == 100
    assert score(group(report, "median")) == 90
    # The patient of o2 lay in B when it was ordered; o4 was for nobody in hospital.
    assert strata(report, "mean", "ward") == {"A": 30, "B": 90, "unknown": 180}
    assert strata(report, "mean", "clinician") == {"doc1": 105, "doc2": 90}


def test_no_show_is_of_appointments_that_were_kept_or_missed(client):
    report = evaluate(client, "no-show")

    # Three kept, one missed; cancelled, unresolved, and that of 1 February don't count.
    assert counts(group(report, "proportion")) == {"denominator": 4, "numerator": 1}
    assert strata(report, "proportion", "clinician") == {"doc1": 0, "doc2": 1}
    assert strata(report, "proportion", "day")["1987-01-31"] == 1
    assert strata(report, "proportion", "ward") == {"B": Decimal("0.25")}


def test_waiting_time_is_from_arrival_until_care_begins(client):
    report = evaluate(client, "waiting-time")

    # v1 20 minutes, v2 40 over midnight; v3 left, v4 was cancelled.
    assert score(group(report, "mean")) == 30
    assert strata(report, "mean", "day") == {"1987-01-03": 30}
    assert strata(report, "mean", "clinician") == {"doc1": 20, "doc2": 40}


def test_alert_response_ends_when_somebody_takes_it_on(client):
    report = evaluate(client, "alert-response")

    # t1 12 minutes, t2 2; t3 is open, t4 no alert.
    assert counts(group(report, "mean")) == {"measure-population": 2}
    assert score(group(report, "mean")) == 7
    assert strata(report, "mean", "ward") == {"A": 7}


def test_medication_orders_are_neither_drafts_nor_plans(client):
    report = evaluate(client, "medication-orders")

    # m1, m2 (in the last minute) and m7 (outside a stay).
    assert score(group(report, "count")) == 3
    assert strata(report, "count", "ward") == {"A": 1, "B": 1, "unknown": 1}
    assert strata(report, "count", "clinician") == {"doc1": 2, "doc2": 1}


def test_staff_load_is_inpatients_at_noon_for_each_clinician(client):
    report = evaluate(client, "staff-load")

    # Noons of doc1: e2 on the 1st (it ends at noon of the 2nd), e6 on 10, 11, 12, e5 on 22.
    # Of doc2: e4 on 15, 16, e3 on 29, 30, 31: one patient each.
    assert counts(group(report, "ratio")) == {"denominator": 10, "numerator": 10}
    assert score(group(report, "ratio")) == 1
    assert len(strata(report, "ratio", "day")) == 10
    assert strata(report, "ratio", "ward") == {"A": 1, "B": 1}


def test_a_report_may_be_of_what_one_clinician_was_responsible_for(client):
    report = evaluate(client, "admissions", practitioner=f"Practitioner/{P}doc2")

    assert score(group(report, "count")) == 2
    assert list(strata(report, "count", "clinician")) == ["doc2"]


def test_a_report_says_what_it_is_about(client):
    report = evaluate(client, "https://fhirserver.example/Measure/admissions")

    assert report["measure"] == "https://fhirserver.example/Measure/admissions"
    assert report["period"] == {"start": START, "end": END}
    assert (report["status"], report["type"]) == ("complete", "summary")
    names = [s["value"]["text"] for s in group(report, "count")["stratifier"][1]["stratum"]]
    assert names == ["Place A", "Place B"]
    posted = client.post("/fhir/MeasureReport", json=report)
    assert posted.status_code == 201, posted.text


def test_metrics_of_different_types_follow_each_other_on_one_connection(client):
    for _ in range(4):
        for metric in ("admissions", "occupancy", "no-show", "staff-load"):
            evaluate(client, metric)


def test_at_the_address_of_the_measure(client):
    query = {"periodStart": START, "periodEnd": END}
    report = done(client.get("/fhir/Measure/admissions/$evaluate-measure", query_string=query))

    assert score(group(report, "count")) == 5


def test_nothing_in_a_period_is_no_error(client):
    report = evaluate(client, "length-of-stay", periodStart="1901-01-01", periodEnd="1901-01-02")

    assert counts(group(report, "mean")) == {"measure-population": 0}
    assert "measureScore" not in group(report, "mean")


def test_what_lies_ahead_does_not_count(client):
    report = evaluate(client, "occupancy", periodStart="2999-01-01", periodEnd="2999-01-31")

    assert strata(report, "ratio", "day") == {}


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"measure": "nothing"}, 404),
        ({"periodStart": "1987-02-01", "periodEnd": "1987-01-01"}, 400),
        ({"periodStart": "1900-01-01", "periodEnd": "1987-01-01"}, 400),
        ({"periodStart": "soon"}, 400),
        ({"reportType": "subject"}, 501),
        ({"subject": "Patient/1"}, 501),
    ],
)
def test_what_cannot_be_evaluated_is_told(client, more, status):
    asked = {"measure": "admissions", "periodStart": START, "periodEnd": END} | more
    answer = client.get("/fhir/Measure/$evaluate-measure", query_string=asked)

    assert answer.status_code == status or (status == 501 and answer.status_code in {400, 422, 501})
    refused(answer, answer.status_code)


def test_who_may_not_read_encounters_gets_no_figures(make_app, token, client):
    other = make_app().test_client()
    other.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token('system/Measure.rs')}"
    asked = {"measure": "admissions", "periodStart": START, "periodEnd": END}

    assert other.get("/fhir/Measure/$evaluate-measure", query_string=asked).status_code == 403


def listed(report, population):
    found = next(r for r in report["contained"] if r["id"] == population)
    return [e["item"]["reference"].partition(P)[2] for e in found.get("entry", ())]


def test_a_subject_list_says_what_the_figure_is_made_of(client):
    report = evaluate(client, "admissions", reportType="subject-list")

    assert report["type"] == "subject-list"
    assert score(group(report, "count")) == len(listed(report, "initial-population"))
    assert sorted(listed(report, "initial-population")) == ["e1", "e3", "e4", "e5", "e6"]
    (population,) = group(report, "count")["population"]
    assert population["subjectResults"] == {"reference": "#initial-population"}


def test_a_subject_list_of_a_mean_has_the_value_of_each(client):
    report = evaluate(client, "length-of-stay", reportType="subject-list")

    (found,) = report["contained"]
    values = [
        Decimal(str(x["valueQuantity"]["value"]))
        for e in found["entry"]
        for x in e["extension"][0]["extension"]
        if x["url"] == "value"
    ]
    assert len(values) == counts(group(report, "mean"))["measure-population"]
    assert round(sum(values) / len(values), 4) == score(group(report, "mean"))


def test_a_numerator_lists_those_who_came_back(client):
    report = evaluate(client, "readmission", reportType="subject-list")

    assert len(listed(report, "numerator")) == counts(group(report, "proportion"))["numerator"]
    assert len(listed(report, "denominator")) == counts(group(report, "proportion"))["denominator"]


@pytest.mark.parametrize("metric", ["occupancy", "staff-load"])
def test_a_ratio_lists_the_stays_it_was_made_of(client, metric):
    report = evaluate(client, metric, reportType="subject-list")

    assert [r["id"] for r in report["contained"]] == ["numerator"]
    assert "e6" in listed(report, "numerator")


@pytest.mark.parametrize(
    "metric",
    ["lab-turnaround", "no-show", "waiting-time", "alert-response", "medication-orders"],
)
def test_every_metric_lists_as_many_as_it_counts(client, metric):
    report = evaluate(client, metric, reportType="subject-list")

    for population in report["group"][0]["population"]:
        name = population["code"]["coding"][0]["code"]
        assert len(listed(report, name)) == population["count"] > 0
