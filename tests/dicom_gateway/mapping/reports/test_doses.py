"""Radiation dose reports."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from dicom_gateway.mapping.reports.context import About
from dicom_gateway.mapping.reports.doses import doses, is_dose_report
from tests.dicom_gateway.mapping.building import code
from tests.dicom_gateway.mapping.reports.documents import (
    GY_CM,
    a_document,
    an_item,
    coded,
    container,
    named,
    number,
)
from tests.dicom_gateway.mapping.valid import assert_valid

ABOUT = About({"reference": "ImagingStudy/1"}, {"reference": "Patient/1"})
MGY = code("mGy", "UCUM", "mGy")
DAP = code("Gy.m2", "UCUM", "Gy.m2")


def components(observation: dict[str, Any]) -> dict[str, Decimal]:
    return {
        c["code"]["coding"][0]["code"]: c["valueQuantity"]["value"]
        for c in observation["component"]
        if "valueQuantity" in c
    }


def test_a_ct_dose_report_is_its_totals_and_its_events() -> None:
    document = a_document(
        "X-Ray Radiation Dose Report",
        coded(code("121058", "DCM", "Procedure reported"), code("77477000", "SCT", "CT")),
        container(
            "CT Accumulated Dose Data",
            number(named("Total Number of Irradiation Events"), "1", code("{events}", "UCUM", "events")),
            number(named("CT Dose Length Product Total"), "415.82", GY_CM),
        ),
        container(
            "CT Acquisition",
            an_item("UIDREF", named("Irradiation Event UID"), UID="1.2.3.55"),
            container(
                "CT Dose",
                number(named("Mean CTDIvol"), "7.10", MGY),
                number(named("DLP"), "415.82", GY_CM),
            ),
        ),
    )  # fmt: skip

    assert is_dose_report(document)
    summary, event = doses(document, ABOUT)

    assert_valid(summary)
    assert_valid(event)
    assert summary["code"]["coding"][0]["code"] == "73569-6"
    assert components(summary) == {"113812": Decimal(1), "113813": Decimal("415.82")}
    assert summary["hasMember"] == [{"reference": f"Observation/{event['id']}"}]
    assert components(event) == {"113830": Decimal("7.10"), "113838": Decimal("415.82")}
    assert event["identifier"][1]["value"] == "urn:oid:1.2.3.55"


def test_a_projection_dose_report_is_read_too() -> None:
    document = a_document(
        "X-Ray Radiation Dose Report",
        container(
            "Accumulated X-Ray Dose Data", number(named("Dose Area Product Total"), "0.00012", DAP)
        ),
        container(
            "Irradiation Event X-Ray Data", number(named("Dose Area Product"), "0.00012", DAP)
        ),
    )

    summary, event = doses(document, ABOUT)

    assert components(summary) == {"113722": Decimal("0.00012")}
    assert components(event) == {"122130": Decimal("0.00012")}


def test_a_report_without_totals_makes_nothing() -> None:
    document = a_document("X-Ray Radiation Dose Report")

    assert doses(document, ABOUT) == []
    assert not is_dose_report(a_document("Imaging Measurement Report"))
