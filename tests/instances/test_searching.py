"""Studies, series and instances are found by what is asked of them."""

from __future__ import annotations

import pytest

from fhirserver.instances import Between, Exact, Instances, Like, Match, Wanted
from fhirserver.storage.database import Database
from fhirserver.storage.dicom_wanted import studies_statement
from tests.instances.arriving import CT, arrival, facts, uid


@pytest.fixture(scope="module")
def issuer() -> str:
    """What marks the studies of this module."""
    return uid()


@pytest.fixture
def studies(record: Instances, issuer: str) -> dict[str, str]:
    """Three studies, by name."""
    found = record.studies(Wanted(keys={"IssuerOfPatientID": Exact.of(issuer)}))
    if found:
        return {str(s.keys["00200010"]["Value"][0]): s.uid for s in found}
    made = {}
    for name, more in (
        ("old", {"P00080020": "20200229", "P00080030": "0930", "P00100010": PERSON}),
        ("mri", {"P00080060": "MR", "P00080030": "103000.25", "P0008103E": "T1 Sagittal"}),
        ("none", {"P00080020": None, "P00080050": "A_1", "P00200013": "7", "P00200011": "2"}),
    ):
        made[name] = uid()
        known = facts(made[name], uid(), uid(), P00200010=name, P00100021=issuer, **more)
        record.keep([arrival(record, known)])
    return made


PERSON = {"Alphabetic": "Müller-Lüdenscheidt^Zoë", "Ideographic": "山田^太郎"}
NAME = "PatientName"


@pytest.mark.parametrize(
    ("keyword", "match", "names"),
    [
        ("StudyDate", Exact.of("20200229"), ["old"]),
        ("StudyDate", Between("20200101", "20201231"), ["old"]),
        ("StudyDate", Between("20200301", None), ["mri"]),
        ("StudyDate", Between("yesterday", None), []),
        ("StudyTime", Exact.of("09"), ["old"]),
        ("StudyTime", Between("0930", "1030"), ["mri", "old"]),
        ("StudyTime", Between(None, "0929"), []),
        (NAME, Exact.of("MULLER-LUDENSCHEIDT^ZOE"), ["old"]),
        (NAME, Exact.of("Müller-Lüdenscheidt"), []),
        (NAME, Like("müller*"), ["old"]),
        (NAME, Like("?ülle*"), ["old"]),
        (NAME, Like("山田*"), ["old"]),
        (NAME, Exact.of("=山田^太郎"), ["old"]),
        (NAME, Exact.of("doe^jane"), ["mri", "none"]),
        ("StudyID", Exact.of("old", "mri"), ["mri", "old"]),
        ("AccessionNumber", Exact.of("A_1"), ["none"]),
        ("AccessionNumber", Like("A_*"), ["none"]),
        ("AccessionNumber", Like("A%"), []),
        ("ModalitiesInStudy", Exact.of("MR", "US"), ["mri"]),
        ("Modality", Exact.of("CT"), ["old", "none"]),
        ("SeriesDescription", Like("*sagittal"), ["mri"]),
        ("SeriesNumber", Exact.of("2"), ["none"]),
        ("InstanceNumber", Exact.of("007"), ["none"]),
        ("SOPClassUID", Exact.of(CT), ["mri", "old", "none"]),
        ("PatientID", Exact.of("'; DROP TABLE dicom.study; --"), []),
    ],
)
def test_studies_are_found(
    record: Instances,
    issuer: str,
    studies: dict[str, str],
    keyword: str,
    match: Match,
    names: list[str],
) -> None:
    keys = {"IssuerOfPatientID": Exact.of(issuer), keyword: match}

    found = record.studies(Wanted(keys=keys))

    assert [s.uid for s in found] == [studies[name] for name in names]


@pytest.mark.parametrize(
    ("text", "names"), [("zoe mull", ["old"]), ("jan", ["mri", "none"]), ("zoe jane", [])]
)
def test_fuzzy_names_go_by_the_beginnings_of_words(
    record: Instances, issuer: str, studies: dict[str, str], text: str, names: list[str]
) -> None:
    keys: dict[str, Match] = {"IssuerOfPatientID": Exact.of(issuer), NAME: Exact.of(text)}

    found = record.studies(Wanted(keys=keys, is_fuzzy=True))

    assert [s.uid for s in found] == [studies[name] for name in names]


def test_pages_are_parts_of_the_whole(
    record: Instances, issuer: str, studies: dict[str, str]
) -> None:
    keys: dict[str, Match] = {"IssuerOfPatientID": Exact.of(issuer)}

    pages = [
        [s.uid for s in record.studies(Wanted(keys=keys, limit=2, offset=at))] for at in (0, 2, 4)
    ]

    assert pages == [[studies["mri"], studies["old"]], [studies["none"]], []]


def test_series_and_instances_come_by_their_numbers(record: Instances) -> None:
    study, first, second = uid(), uid(), uid()
    arrivals = [
        arrival(record, facts(study, series, uid(), P00200011=nr, P00200013=i))
        for series, nr in ((second, "10"), (first, "9"))
        for i in ("10", "9", None)
    ]
    record.keep(arrivals)

    series_found = record.series(Wanted(studies=[study]))
    found = record.instances(Wanted(studies=[study]))

    assert [s.uid for s in series_found] == [first, second]
    assert [s.instances for s in series_found] == [3, 3]
    numbers = [i.keys.get("00200013", {"Value": [None]})["Value"][0] for i in found]
    assert numbers == ["9", "10", None] * 2
    assert [i.series.uid for i in found] == [first] * 3 + [second] * 3
    one = Wanted(studies=[study], series=[second], keys={"InstanceNumber": Exact.of("9")})
    assert [i.uid for i in record.instances(one)] == [arrivals[1].facts.instance]


@pytest.mark.parametrize(
    "keys",
    [
        {"PatientID": Exact.of("y1")},
        {"PatientID": Like("y12*")},
        {NAME: Like("name12^*")},
        {"AccessionNumber": Exact.of("none")},
        {"StudyDate": Between("20240105", "20240105"), "Modality": Exact.of("MR")},
        {},
    ],
)
def test_a_page_of_five_thousand_studies_needs_no_look_at_all_of_them(
    record: Instances, database: Database, five_thousand: None, keys: dict[str, Match]
) -> None:
    sql, values = studies_statement(Wanted(keys=keys, limit=50))

    plan = database.read(f"EXPLAIN {sql}", values, prepare=False)

    assert "Seq Scan on study" not in str(plan)
    assert len(record.studies(Wanted(keys=keys, limit=50))) <= 50


@pytest.fixture(scope="module")
def five_thousand(database: Database) -> None:
    """So many studies, as the record has them, without series."""
    database.write(MANY, (uid(),))
    database.write("ANALYZE dicom.study")


MANY = """
INSERT INTO dicom.study (uid, key, person, patient_id, issuer, name, ideographic, phonetic,
  birth_date, sex, date, time, accession, study_id, description, referring, keys)
SELECT %s || '.' || n, gen_random_uuid(), n, 'y' || n, 'many', 'name' || n || '^x', '', '',
  '', '', '202401' || lpad((n %% 28 + 1)::text, 2, '0'), '', 'a' || n, '', '', '', '{}'
FROM generate_series(1, 5000) n"""
