"""QIDO-RS."""

import pytest
from pydicom.uid import generate_uid

from tests.dicom_gateway.web.instances import an_image, store


@pytest.fixture(scope="module")
def ward() -> str:
    """What keeps the studies of this module apart from all others."""
    return f"W{generate_uid()[-12:]}"


@pytest.fixture(scope="module")
def studies(web, ward):
    """Three studies: two of Grete, one of Hans, who has two series."""
    grete = an_image(
        PatientID=ward, PatientName="Müller^Grete", StudyDate="20260101", AccessionNumber="A1"
    )
    again = an_image(
        PatientID=ward,
        PatientName="Müller^Grete",
        StudyDate="20260201",
        AccessionNumber="A2",
        Modality="MR",
    )
    hans = an_image(
        PatientID=ward, PatientName="Schmidt^Hans", StudyDate="20260301", AccessionNumber="A3"
    )
    more = an_image(hans.StudyInstanceUID, PatientID=ward, PatientName="Schmidt^Hans", StudyDate="20260301",
                    AccessionNumber="A3", Modality="SR", SeriesNumber=2)  # fmt: skip
    answer = store(web, grete, again, hans, more)
    assert answer.status_code == 200, answer.data
    yield grete, again, hans, more
    for one in (grete, again, hans):
        web.delete(f"/dicom-web/studies/{one.StudyInstanceUID}")


def found(web, query, level="studies"):
    answer = web.get(f"/dicom-web/{level}{query}")
    assert answer.status_code == 200, answer.data
    return answer.json


def accessions(web, query):
    return [m["00080050"]["Value"][0] for m in found(web, query)]


def test_the_newest_study_comes_first_with_its_counts(web, ward, studies):
    told = found(web, f"?PatientID={ward}")

    assert [m["00080050"]["Value"][0] for m in told] == ["A3", "A2", "A1"]
    assert told[0]["00201206"]["Value"] == [2]
    assert told[0]["00201208"]["Value"] == [2]
    assert sorted(told[0]["00080061"]["Value"]) == ["CT", "SR"]
    assert told[0]["00081190"]["Value"][0].endswith(f"/studies/{studies[2].StudyInstanceUID}")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("PatientName=Schmidt*", ["A3"]),
        ("00100010=schmidt%5Ehans", ["A3"]),
        ("PatientName=M%C3%BCller*", ["A2", "A1"]),
        ("PatientName=gret&fuzzymatching=true", ["A2", "A1"]),
        ("PatientName=gret", []),
        ("StudyDate=20260115-20260215", ["A2"]),
        ("StudyDate=20260201-", ["A3", "A2"]),
        ("StudyDate=-20260101", ["A1"]),
        ("StudyDate=20260101", ["A1"]),
        ("ModalitiesInStudy=MR", ["A2"]),
        ("ModalitiesInStudy=SR%5CMR", ["A3", "A2"]),
        ("Modality=SR", ["A3"]),
        ("AccessionNumber=A?", ["A3", "A2", "A1"]),
        ("AccessionNumber=B*", []),
        ("PatientBirthDate=19700203&StudyDate=20260301", ["A3"]),
        ("limit=1", ["A3"]),
        ("limit=1&offset=1", ["A2"]),
        ("offset=3", []),
        ("PatientSex=", ["A3", "A2", "A1"]),
    ],
)
def test_studies_match_by_their_attributes(web, ward, studies, query, expected):
    assert accessions(web, f"?PatientID={ward}&{query}") == expected


def test_several_uids_are_alternatives(web, studies):
    uids = ",".join(s.StudyInstanceUID for s in studies[:2])

    assert accessions(web, f"?StudyInstanceUID={uids}") == ["A2", "A1"]


def test_more_results_are_told_of(web, ward, studies):
    answer = web.get(f"/dicom-web/studies?PatientID={ward}&limit=2")
    assert answer.headers["Warning"].startswith("299 ")
    assert "offset=2" in answer.headers["Warning"]
    assert "Warning" not in web.get(f"/dicom-web/studies?PatientID={ward}&limit=3").headers


def test_series_and_instances_are_found_at_every_level(web, ward, studies):
    hans = studies[2]
    below = f"studies/{hans.StudyInstanceUID}"

    assert len(found(web, f"?PatientID={ward}", "series")) == 4
    assert [m["00080060"]["Value"][0] for m in found(web, "", f"{below}/series")] == ["CT", "SR"]
    assert len(found(web, "", f"{below}/instances")) == 2
    [one] = found(web, "", f"{below}/series/{hans.SeriesInstanceUID}/instances")
    assert one["00080018"]["Value"] == [hans.SOPInstanceUID]
    assert one["00083002"]["Value"] == ["1.2.840.10008.1.2.1"]
    assert one["00280010"]["Value"] == [64]
    assert len(found(web, f"?PatientID={ward}&Modality=MR", "instances")) == 1
    assert web.get("/dicom-web/studies/1.2.3.4/series").status_code == 404


def test_fields_are_included_by_name_by_tag_and_all(web, ward, studies):
    plain = found(web, f"?PatientID={ward}&limit=1", "series")[0]
    assert "00100010" not in plain
    for name in ("PatientName", "00100010", "PatientID,PatientName"):
        told = found(web, f"?PatientID={ward}&limit=1&includefield={name}", "series")[0]
        assert told["00100010"]["Value"] == [{"Alphabetic": "Schmidt^Hans"}]
    everything = found(web, f"?PatientID={ward}&limit=1&includefield=all", "instances")[0]
    assert {"00100030", "00280004", "00080060"} <= everything.keys()


def test_what_is_in_no_column_and_in_sequences_is_compared_too(web, ward):
    from pydicom.dataset import Dataset

    other = f"{ward}X"
    item = Dataset()
    item.ScheduledProcedureStepID = "STEP-7"
    image = an_image(PatientID=other, RequestAttributesSequence=[item], InstitutionName="Ward 4")
    store(web, image)

    for query in ("RequestAttributesSequence.ScheduledProcedureStepID=STEP-7",
                  "00400275.00400009=STEP-7"):  # fmt: skip
        [one] = found(web, f"?PatientID={other}&{query}", "series")
        assert one["0020000E"]["Value"] == [image.SeriesInstanceUID]
    assert not found(web, f"?PatientID={other}&00400275.00400009=STEP-8", "series")
    assert len(found(web, f"?PatientID={other}&InstitutionName=Ward*")) == 1


@pytest.mark.parametrize(
    "query",
    ["NoSuchThing=1", "limit=-1", "limit=x", "offset=1e9", "fuzzymatching=maybe", "StudyDate=May",
     "includefield=Nothing", "PatientName.PatientID=1", "00400275=x", "a.b.c.d.e.f.g.h.i=1"],
)  # fmt: skip
def test_a_query_that_cannot_be_read_is_refused_by_name(web, query):
    answer = web.get(f"/dicom-web/studies?{query}")

    assert answer.status_code == 400
    assert answer.json["resourceType"] == "OperationOutcome"


def test_searching_takes_a_scope_for_it(with_scope):
    assert with_scope("system/ImagingStudy.r").get("/dicom-web/studies").status_code == 403
    assert with_scope("system/ImagingStudy.s").get("/dicom-web/studies").status_code == 200
