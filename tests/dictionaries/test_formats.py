"""Each format, from a small release into the tables and back through the engine's eyes."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from fhirserver.dictionaries.loading import load
from fhirserver.errors import Invalid
from fhirserver.storage.dictionaries import StoredDictionaries
from fhirserver.terminology.content import Filter, Selection
from tests.dictionaries import releases

SNOMED = "http://snomed.info/sct"


@pytest.fixture
def held(app):
    return StoredDictionaries(app.extensions["fhirserver"].context.store.database)


@pytest.fixture
def loaded(app, held):
    """Loads a release and gives its code system."""

    def run(path: Path, **options):
        given = {"form": None, "version": None, **options}
        found = load(app.extensions["fhirserver"], path, told=lambda n: None, **given)
        system = held.code_system(found.url, found.version)
        assert system is not None
        return system

    return run


def codes(system, *filters, text=None, active_only=False):
    selection = Selection(tuple(Filter(*f) for f in filters), text, active_only)
    found = [c.code for c in system.select(selection)]
    assert system.count(selection) == len(found)
    return found


def test_snomed_has_names_hierarchy_and_attributes(loaded, tmp_path):
    system = loaded(releases.snomed(tmp_path))

    dog = system.concept("1002")
    assert system.version == "http://snomed.info/sct/900000000000207008/version/20240101"
    assert dog.display == 'Dog of the "house"'
    assert {d.value for d in dog.designations} == {'Dog of the "house"', "Hound", "Dog (organism)"}
    assert dog.values("sufficientlyDefined") == [True]
    assert dog.values("3001") == ["2001"]
    assert system.concept("1003").is_inactive
    assert system.parents("1002") == ["1001"]
    assert system.is_descendant("1002", "138875005")
    assert not system.is_descendant("138875005", "138875005")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (("concept", "is-a", "1001"), ["1001", "1002"]),
        (("concept", "descendent-of", "138875005"), ["1001", "1002", "2001"]),
        (("concept", "is-not-a", "1001"), ["138875005", "1003", "2001"]),
        (("concept", "child-of", "138875005"), ["1001", "2001"]),
        (("concept", "descendent-leaf", "138875005"), ["1002", "2001"]),
        (("concept", "generalizes", "1002"), ["138875005", "1001", "1002"]),
        (("concept", "in", "1001,1003,nonsense"), ["1001", "1003"]),
        (("concept", "not-in", "1001,1003"), ["138875005", "1002", "2001"]),
        (("concept", "regex", "10.*"), ["1001", "1002", "1003"]),
        (("3001", "=", "2001"), ["1002"]),
        (("3001", "exists", "true"), ["1002"]),
        (("inactive", "=", "true"), ["1003"]),
        (("parent", "=", "1001"), ["1002"]),
        (("child", "=", "1002"), ["1001"]),
        (("display", "=", "Animal"), ["1001"]),
    ],
)
def test_filters_find_what_passes_them(loaded, tmp_path, condition, expected):
    system = loaded(releases.snomed(tmp_path))

    assert codes(system, condition) == expected
    for code in codes(system):
        assert system.matches(system.concept(code), [Filter(*condition)]) is (code in expected)


def test_words_begin_the_words_of_one_name(loaded, tmp_path):
    system = loaded(releases.snomed(tmp_path))

    assert codes(system, text="hou do") == ["1002"]
    assert codes(system, text="hound organism") == []
    assert codes(system, text="100") == ["1001", "1002", "1003"]
    assert codes(system, text="cat", active_only=True) == []


def test_pages_of_concepts_fit_together(loaded, tmp_path):
    system = loaded(releases.snomed(tmp_path))

    parts = [list(system.select(Selection(), offset=n, limit=2)) for n in (0, 2, 4)]

    assert [c.code for part in parts for c in part] == codes(system)


def test_loinc_has_parts_answers_and_translations(loaded, tmp_path, client):
    system = loaded(releases.loinc(tmp_path))

    moon = system.concept("90001-1")
    assert system.version == "9.99"
    assert moon.display == "Moonlight [Mass/volume] in Serum, fasting"
    assert ("Mondlicht im Serum", "de-AT") in {(d.value, d.language) for d in moon.designations}
    assert moon.values("SCALE_TYP") == ["Qn"]
    assert system.concept("90002-9").is_inactive
    assert codes(system, ("concept", "descendent-of", "LP1-1")) == ["90001-1", "90002-9", "LP2-9"]
    assert system.concept("la1-1").display == "Merry"
    assert len(client.get("/fhir/ValueSet?url=http://loinc.org/vs/LL1-1").json["entry"]) == 1


def test_rxnorm_has_relations(loaded, tmp_path):
    system = loaded(releases.rxnorm(tmp_path))

    assert system.version == "2025-09-02"
    assert system.concept("2").display == "moonine 5 MG Oral Tablet"
    assert codes(system, ("has_ingredient", "=", "1")) == ["2"]
    assert codes(system, ("TTY", "in", "IN,SBD")) == ["1", "3", "4"]
    assert system.parents("3") == ["2"]
    assert system.concept("4").is_inactive


def test_icd_10_cm_has_dots_and_categories(loaded, tmp_path):
    system = loaded(releases.icd10cm(tmp_path))

    assert system.version == "2025"
    assert codes(system) == ["Z01", "Z01.1", "Z01.XX1A"]
    assert system.parents("Z01.XX1A") == ["Z01"]
    assert system.concept("Z01").values("billable") == [False]


def test_icd_11_has_chapters_and_blocks(loaded, tmp_path):
    system = loaded(releases.icd11(tmp_path))

    assert system.version == "2024-01"
    assert codes(system, ("concept", "descendent-of", "01")) == ["BlockL1-9Z0", "9Z00", "9Z00.Z"]
    assert system.concept("BlockL1-9Z0").is_abstract
    assert system.concept("9Z00.Z").display == "Moonburn, unspecified"


def test_cvx_is_read_as_it_is_published(loaded, tmp_path):
    system = loaded(releases.cvx(tmp_path))

    assert system.version == "20240613"
    assert system.concept("901").display == "moon vaccine"
    assert codes(system, active_only=True) == ["901"]
    assert codes(system, ("nonvaccine", "=", "true")) == ["998"]


def test_an_archive_is_read_in_place(loaded, tmp_path):
    folder = releases.snomed(tmp_path / "release")
    archive = tmp_path / "SnomedCT_20240101.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        for file in folder.rglob("*.txt"):
            made.write(file, file.relative_to(tmp_path))

    assert loaded(archive).concept("1002") is not None


def test_a_release_that_was_cut_changes_nothing(loaded, held, tmp_path):
    folder = releases.snomed(tmp_path)
    before = codes(loaded(folder))
    file = next(folder.rglob("sct2_Relationship*"))
    text = file.read_text()
    file.write_text(text[: len(text) // 2], newline="")

    with pytest.raises(Invalid, match=r"sct2_Relationship.* fields instead of 10.*damaged"):
        loaded(folder)

    assert codes(held.code_system(SNOMED, None)) == before


def test_a_release_that_was_cut_between_lines_changes_nothing(loaded, held, tmp_path):
    folder = releases.snomed(tmp_path)
    before = codes(loaded(folder))
    file = next(folder.rglob("sct2_Concept*"))
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:3]), newline="")

    with pytest.raises(Invalid, match="lacks 2 concepts"):
        loaded(folder)

    assert codes(held.code_system(SNOMED, None)) == before


def test_half_an_archive_is_refused(loaded, tmp_path):
    archive = tmp_path / "SnomedCT.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("sct2_Concept_Snapshot_INT_20240101.txt", "id\n" * 1000)
    archive.write_bytes(archive.read_bytes()[:500])

    with pytest.raises(Invalid, match="not a whole zip archive"):
        loaded(archive)


def test_a_concept_above_itself_is_refused(loaded, tmp_path):
    folder = releases.snomed(tmp_path)
    file = next(folder.rglob("sct2_Relationship*"))
    row = f"6\t20240101\t1\t{releases.MODULE}\t138875005\t1002\t0\t{releases.IS_A}\t0\t0\r\n"
    file.write_text(file.read_text() + row, newline="")

    with pytest.raises(Invalid, match="above itself"):
        loaded(folder)


def test_what_is_no_release_is_told_what_there_is(loaded, tmp_path):
    (tmp_path / "notes.txt").write_text("hello")

    with pytest.raises(Invalid, match="icd-10-cm"):
        loaded(tmp_path)


def test_a_newer_release_stands_beside_the_old_one(loaded, held, tmp_path):
    loaded(releases.icd10cm(tmp_path))
    (tmp_path / "icd10cm_order_2025.txt").rename(tmp_path / "icd10cm_order_2026.txt")

    loaded(tmp_path)

    url = "http://hl7.org/fhir/sid/icd-10-cm"
    assert {"2025", "2026"} <= set(held.versions(url))
    assert held.code_system(url, None).version == "2026"
