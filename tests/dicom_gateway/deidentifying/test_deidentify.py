"""The profile's actions and options on datasets written for them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicom_gateway.datasets import Unreadable, model
from dicom_gateway.deidentifying import Dates, Options, Pseudonyms, Unsuitable, deidentify
from dicom_gateway.deidentifying.vocabulary import cleaned
from tests.dicom_gateway.written import BIG, EXPLICIT, IMPLICIT, a_dataset, element, item

PROJECT = Pseudonyms(b"p" * 32)
OTHER = Pseudonyms(b"o" * 32)


def treated(*more: bytes, syntax: str = EXPLICIT, under: Pseudonyms = PROJECT, **options) -> dict:
    done = deidentify(a_dataset(*more, syntax=syntax), syntax, under, Options(**options))
    return model(done.dataset, done.transfer_syntax)


def value(found: dict, tag: str):
    return found[tag].get("Value", [None])[0]


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
def test_patients_get_a_pseudonym_and_the_result_says_so(syntax: str) -> None:
    found = treated(syntax=syntax)

    pseudonym = PROJECT.patient("id", "", "4711").name
    assert value(found, "00100020") == pseudonym
    assert value(found, "00100010") == {"Alphabetic": pseudonym}
    assert value(found, "00120062") == "YES"
    assert value(found, "00120064")["00080100"]["Value"] == ["113100"]
    assert value(found, "00280303") == "REMOVED"
    assert found["00280010"]["Value"] == [2]


def test_the_same_patient_and_uid_have_the_same_pseudonyms_in_a_project_only() -> None:
    once, again, elsewhere = (
        treated(),
        treated(element(0x00080080, "LO", "X")),
        treated(under=OTHER),
    )

    for tag in ("00100020", "0020000D", "0020000E", "00080018"):
        assert value(once, tag) == value(again, tag) != value(elsewhere, tag)
    assert value(once, "0020000D").startswith("2.25.")


def test_two_patients_with_one_id_of_two_issuers_are_two() -> None:
    one, two = (treated(element(0x00100021, "LO", issuer)) for issuer in ("A", "B"))

    assert value(one, "00100020") != value(two, "00100020")


def test_dates_go_are_moved_together_or_stay() -> None:
    acquired = element(0x00080022, "DA", "20260110")
    sequence = element(0x00081250, "SQ", item(element(0x00080022, "DA", "20260110")))

    gone = treated(acquired)
    moved = treated(acquired, sequence, dates=Dates.MODIFIED)
    kept = treated(acquired, dates=Dates.KEPT)

    assert gone["00080020"] == {"vr": "DA"}
    assert value(kept, "00080020") == "20260102"
    assert value(kept, "00280303") == "UNMODIFIED"
    assert value(moved, "00080020") < "20260102"
    first, second = (date.fromisoformat(value(moved, tag)) for tag in ("00080020", "00080022"))
    assert (second - first).days == 8
    assert value(value(moved, "00081250"), "00080022") == value(moved, "00080022")
    assert [c["00080100"]["Value"] for c in moved["00120064"]["Value"]] == [["113100"], ["113107"]]


def test_the_birth_date_goes_also_where_dates_stay() -> None:
    assert treated(element(0x00100030, "DA", "19500203"), dates=Dates.KEPT)["00100030"] == {
        "vr": "DA"
    }


@pytest.mark.parametrize(
    ("option", "tag", "vr", "text"),
    [
        ("keep_characteristics", 0x00101010, "AS", "042Y"),
        ("keep_characteristics", 0x00100040, "CS", "F"),
        ("keep_device", 0x00181000, "LO", "SN-0815"),
        ("keep_device", 0x00081010, "SH", "CT_ROOM_1"),
        ("keep_institution", 0x00080080, "LO", "General Hospital"),
        ("keep_uids", 0x00200052, "UI", "1.2.3.9"),
    ],
)
def test_an_option_keeps_what_goes_otherwise(option: str, tag: int, vr: str, text: str) -> None:
    name = f"{tag:08X}"

    without = treated(element(tag, vr, text)).get(name, {}).get("Value")
    kept = treated(element(tag, vr, text), **{option: True})

    assert without != [text]
    assert kept[name]["Value"] == [text]


def test_descriptions_go_or_keep_words_that_may_stay() -> None:
    described = element(0x0008103E, "LO", "CT Thorax w/o contrast 5mm Doe Smith 01.02.1950")

    assert "0008103E" not in treated(described)
    assert (
        value(treated(described, clean_descriptors=True), "0008103E")
        == "CT Thorax w/o contrast 5mm"
    )


def test_identities_are_found_in_texts_that_stay() -> None:
    found = treated(
        element(0x00180022, "CS", "FAST"),
        element(0x00180024, "SH", "for jane"),
        element(0x00181020, "LO", "4711 v2 of 20260102"),
        element(0x00280008, "IS", "4711"),
        element(0x00200013, "IS", "4711"),
    )

    assert value(found, "00180024") == "for REMOVED"
    assert value(found, "00181020") == "REMOVED v2 of REMOVED"
    assert value(found, "00280008") == 4711
    assert found["00200013"] == {"vr": "IS"}


def test_sequences_are_treated_at_every_level() -> None:
    inner = element(
        0x00081140,
        "SQ",
        item(element(0x00081155, "UI", "1.2.3.4"), element(0x00100010, "PN", "Doe")),
    )
    found = treated(element(0x00089121, "SQ", item(inner)))

    deep = found["00089121"]["Value"][0]["00081140"]["Value"][0]
    assert value(deep, "00081155") == value(found, "00080018") == PROJECT.uid("1.2.3.4")
    assert "Doe" not in str(found)


def test_standard_uids_and_classes_stay() -> None:
    found = treated(
        element(0x00080062, "UI", "1.2.3.4.5.6"), element(0x00081155, "UI", "1.2.840.10008.1.9")
    )

    assert value(found, "00080016") == "1.2.840.10008.5.1.4.1.1.2"
    assert value(found, "00080062") == "1.2.3.4.5.6"
    assert value(found, "00081155") == "1.2.840.10008.1.9"


def test_private_attributes_go_but_for_safe_ones_where_wanted() -> None:
    private = (
        element(0x00190010, "LO", "SIEMENS MR HEADER"), element(0x0019100C, "IS", "1000"),
        element(0x00191099, "LO", "Doe"), element(0x00290010, "LO", "SOMEBODY"), element(0x00291010, "IS", "1"),
    )  # fmt: skip

    assert not {t for t in treated(*private) if int(t[3], 16) % 2}
    assert {t for t in treated(*private, keep_safe_private=True) if int(t[3], 16) % 2} == {
        "00190010",
        "0019100C",
    }


def test_overlays_curves_and_unknown_attributes_go() -> None:
    found = treated(
        element(0x50003000, "OW", b"1234"), element(0x60003000, "OW", b"1234"), element(0x60000010, "US", b"\1\0"),
        element(0x00089999, "LO", "Doe"), element(0xFFFCFFFC, "OB", b"Jane Doe"),
    )  # fmt: skip

    assert not {"50003000", "60003000", "60000010", "00089999", "FFFCFFFC"} & found.keys()


def test_a_report_keeps_its_numbers_and_loses_its_texts() -> None:
    content = element(0x0040A730, "SQ",
        item(element(0x0040A040, "CS", "TEXT"), element(0x0040A160, "UT", "Ms Doe has a mass"))
        + item(element(0x0040A040, "CS", "PNAME"), element(0x0040A123, "PN", "House^Gregory"))
        + item(element(0x0040A040, "CS", "NUM"), element(0x0040A300, "SQ", item(element(0x0040A30A, "DS", "12.5")))),
    )  # fmt: skip

    text, person, number = treated(content)["0040A730"]["Value"]

    assert value(text, "0040A160") == "REMOVED"
    assert "House" not in str(person)
    assert value(number["0040A300"]["Value"][0], "0040A30A") == 12.5


def test_what_a_dataset_says_of_its_pixels_is_in_the_report() -> None:
    done = deidentify(a_dataset(element(0x00280301, "CS", "YES")), EXPLICIT, PROJECT)

    assert (done.report.burned_in, done.report.recognizable) == ("YES", "")
    assert done.report.changed[0x00100010] == 1


def test_a_document_is_refused() -> None:
    with pytest.raises(Unsuitable):
        deidentify(a_dataset(element(0x00420011, "OB", b"%PDF-1.7")), EXPLICIT, PROJECT)


def test_a_short_secret_is_refused_and_none_is_shown() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Pseudonyms(b"short")
    assert "ppp" not in repr(PROJECT)


def test_an_earlier_deidentification_is_no_reason_for_another_pseudonym() -> None:
    once = deidentify(a_dataset(), EXPLICIT, PROJECT)
    found = model(deidentify(once.dataset, EXPLICIT, PROJECT).dataset, EXPLICIT)

    assert len(found["00120064"]["Value"]) == 1


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=60))
def test_a_cleaned_description_never_keeps_a_word_that_is_not_listed(text: str) -> None:
    assert cleaned(cleaned(text)) == cleaned(text)
    assert "xyzzy" not in cleaned(f"{text} xyzzy")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_flipped_bytes_are_treated_or_refused(data: st.DataObject) -> None:
    sequence = element(0x00400275, "SQ", item(element(0x00401001, "SH", "RP1")))
    dataset = bytearray(a_dataset(sequence))
    for _ in range(data.draw(st.integers(1, 6))):
        dataset[data.draw(st.integers(0, len(dataset) - 1))] = data.draw(st.integers(0, 255))
    try:
        deidentify(bytes(dataset), EXPLICIT, PROJECT)
    except (Unreadable, Unsuitable):
        pass
