"""Whatever the attributes of an instance say, its study is a valid ImagingStudy."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dicom_gateway.mapping.identifiers import Source
from dicom_gateway.mapping.imaging_study import Linked, imaging_study
from dicom_gateway.mapping.patients import claim, described, logical
from dicom_gateway.mapping.reports.context import About
from dicom_gateway.mapping.reports.encapsulated import document_reference, media_type
from dicom_gateway.mapping.reports.measurements import measurements
from dicom_gateway.mapping.reports.structured import structured_report
from dicom_gateway.mapping.studies import grouped
from fhirserver.instances import Facts
from fhirserver.validation import check
from tests.dicom_gateway.mapping.building import CT, EXPLICIT

TAGS = (
    "00080005 00080008 00080020 00080021 00080023 00080030 00080031 00080033 00080050 00080051 "
    "00080060 00080070 00080080 00080090 00080100 00080102 00080104 00080201 00081010 00081030 "
    "00081032 0008103E 00081050 00081070 00081111 00081155 00081199 00082218 00100010 00100020 "
    "00100021 00100024 00100030 00100040 00101002 00180015 00181030 00200010 00200011 00200013 "
    "00200060 00280008 00400031 00400032 00400033 00400244 00400245 00400275 0040A010 0040A040 "
    "0040A043 0040A160 0040A168 0040A300 0040A30A 004008EA 0040A491 0040A493 0040A730 00420010 "
    "00420012"
).split()
WORDS = st.one_of(
    st.sampled_from(
        [
            "CT", "C  T", " ", "", "\\0", "\\x1b$B", "20260230", "20260101", "1234", "235960", "99",
            "ISO", "URI", "1.2.3", "a b", "UCUM", "SCT", "DCM", "NUM", "TEXT", "CODE", "121071",
            "mm", "mm  Hg", "-1", "1e999", "nan", "9" * 40, "L", "M", "COMPLETE", "^^^", "Doe^Jane",
        ]
    ),
    st.text(max_size=20),
)  # fmt: skip
SCALARS = st.one_of(
    WORDS, st.none(), st.integers(), st.floats(allow_nan=False),
    st.fixed_dictionaries({"Alphabetic": WORDS}),
)  # fmt: skip


def attributes(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    value = st.lists(inner, max_size=3)
    return st.dictionaries(
        st.sampled_from(TAGS), st.fixed_dictionaries({"vr": st.just("UN"), "Value": value}),
        max_size=12,
    )  # fmt: skip


KEYS = attributes(st.one_of(SCALARS, attributes(st.one_of(SCALARS, attributes(SCALARS)))))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(KEYS)
def test_wrong_values_are_left_out(keys: dict[str, Any]) -> None:
    source = Source(patient_system="http://a.example", time_zone="Europe/Vienna")
    study = grouped([Facts("1.2", "1.2.3", "1.2.3.4", CT, EXPLICIT, keys)])
    subject = logical(claim(keys, source))
    about = About({"reference": "ImagingStudy/1"}, subject, source)
    document = {**keys, "00080018": {"vr": "UI", "Value": ["1.2.3.4"]}}
    numbers = measurements(document, about)

    for made in (
        imaging_study(study, source, Linked(subject)),
        described(keys, source),
        structured_report(document, about, numbers),
        document_reference(document, media_type(document, CT), about),
        *numbers,
    ):
        check(made)
