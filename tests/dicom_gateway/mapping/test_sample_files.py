"""Every study that others have made becomes a valid ImagingStudy."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

from dicom_gateway.mapping.identifiers import Source
from dicom_gateway.mapping.imaging_study import Linked, imaging_study
from dicom_gateway.mapping.patients import claim, described, logical
from dicom_gateway.mapping.studies import grouped
from fhirserver.instances import Facts
from fhirserver.model.resource import Resource
from tests.dicom_gateway.mapping.sample_files import samples
from tests.dicom_gateway.mapping.valid import assert_valid

SOURCE = Source(patient_system="http://hospital.example/mrn", time_zone="Europe/Vienna")


@cache
def studies() -> dict[str, list[Facts]]:
    """The sample files by study."""
    found: dict[str, list[Facts]] = defaultdict(list)
    for one in samples().values():
        found[one.study].append(one)
    return dict(found)


def made(files: list[Facts]) -> Resource:
    study = grouped(files)
    return imaging_study(study, SOURCE, Linked(logical(claim(study.keys, SOURCE))))


def test_every_study_is_a_valid_imaging_study() -> None:
    assert len(studies()) > 15

    for files in studies().values():
        assert_valid(made(files))


def test_every_study_has_the_counts_of_its_files() -> None:
    for files in studies().values():
        found = made(files)

        assert found["numberOfInstances"] == len(files)
        assert found["numberOfSeries"] == len({f.series for f in files})
        listed = {i["uid"] for s in found["series"] for i in s.get("instance", ())}
        assert listed == {f.instance for f in files}


def test_the_order_of_arrival_does_not_matter() -> None:
    for files in studies().values():
        assert made(files) == made(files[::-1])


def test_what_a_study_says_of_its_patient_is_a_valid_patient() -> None:
    for files in studies().values():
        assert_valid(described(grouped(files).keys, SOURCE))
