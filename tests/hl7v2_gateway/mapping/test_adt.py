"""Admissions, transfers, discharges, merges."""

from __future__ import annotations

from hl7v2_gateway.mapping.conversion import Merge, Move
from hl7v2_gateway.partners.sender import Sender
from tests.hl7v2_gateway.mapping.converting import MSH, converted, only

PID = "PID|1||123^^^HOSP^MR||Lovelace^Ada^B||19801210|F|||1 St^^London^^E1^GB||^PRN^PH^^^020^555"
PV1 = "PV1|1|I|W1^2^3^^^^B" + "|" * 16 + "V77^^^HOSP^VN" + "|" * 25 + "20240301"


def test_an_admission_makes_a_patient_and_an_open_encounter() -> None:
    conversion = converted("ADT^A01^ADT_A01", "EVN|A01|20240301120000", PID, PV1)

    patient, encounter = only(conversion, "Patient"), only(conversion, "Encounter")
    assert patient["name"] == [{"family": "Lovelace", "given": ["Ada", "B"]}]
    assert patient["gender"] == "female"
    assert patient["birthDate"] == "1980-12-10"
    assert encounter["status"] == "in-progress"
    assert encounter["class"]["code"] == "IMP"
    assert encounter["period"] == {"start": "2024-03-01"}
    (search,) = [u.search for u in conversion.upserts if u.type == "Patient"]
    assert search == "identifier=urn:id:HOSP%7C123"


def test_references_name_entries_of_the_same_bundle() -> None:
    conversion = converted("ADT^A01^ADT_A01", PID, PV1)

    urls = {u.full_url: u.type for u in conversion.upserts}
    subject = only(conversion, "Encounter")["subject"]["reference"]
    assert urls[subject] == "Patient"


def test_the_same_message_means_the_same_resources() -> None:
    one, two = (converted("ADT^A01^ADT_A01", PID, PV1, "AL1|1|DA|^Penicillin") for _ in "ab")

    assert one.bundle == two.bundle


def test_a_discharge_ends_the_encounter_and_its_cancellation_opens_it_again() -> None:
    out = converted("ADT^A03^ADT_A03", PID, PV1 + "|20240305101500")
    back = converted("ADT^A13^ADT_A01", PID, PV1)

    assert only(out, "Encounter")["status"] == "finished"
    assert only(out, "Encounter")["period"]["end"] == "2024-03-05T10:15:00+01:00"
    assert only(back, "Encounter")["status"] == "in-progress"
    (upsert,) = [u for u in back.upserts if u.type == "Encounter"]
    assert upsert.cleared == {"period.end"}


def test_a_planned_and_a_cancelled_admission_have_their_status() -> None:
    assert only(converted("ADT^A05^ADT_A05", PID, PV1), "Encounter")["status"] == "planned"
    assert only(converted("ADT^A11^ADT_A09", PID, PV1), "Encounter")["status"] == "cancelled"
    assert only(converted("ADT^A38^ADT_A38", PID, PV1), "Encounter")["status"] == "cancelled"


def test_a_null_deletes_and_an_empty_field_changes_nothing() -> None:
    conversion = converted("ADT^A08^ADT_A01", 'PID|1||123^^^HOSP^MR||Lovelace^Ada||""', PV1)

    (upsert,) = [u for u in conversion.upserts if u.type == "Patient"]
    assert upsert.cleared == {"birthDate"}
    assert "gender" not in upsert.resource


def test_a_merge_names_the_survivor_and_the_one_that_ends() -> None:
    conversion = converted("ADT^A40^ADT_A39", "EVN|A40|20240301", PID, "MRG|99^^^HOSP^MR")

    assert conversion.merges == (
        Merge("Patient", "identifier=urn:id:HOSP%7C123", "identifier=urn:id:HOSP%7C99"),
    )


def test_a_visit_moves_to_another_patient() -> None:
    conversion = converted("ADT^A45^ADT_A45", PID, "MRG|99^^^HOSP^MR||||V77^^^HOSP^VN", PV1)

    assert conversion.moves == (
        Move(
            "Encounter",
            "identifier=urn:id:HOSP%7CV77",
            "identifier=urn:id:HOSP%7C123",
            "Encounter",
            "identifier=urn:id:HOSP%7C99",
        ),
    )


def test_every_field_that_went_nowhere_is_listed() -> None:
    conversion = converted("ADT^A01^ADT_A01", PID, PV1, "PDA|I21^Infarct^I10", "ZXX|1|kept")

    positions = {u.position for u in conversion.unmapped}
    assert {"PDA-1", "ZXX-1", "ZXX-2"} <= positions
    assert not {p for p in positions if p.startswith("PID-5")}


def test_an_unknown_code_is_listed_and_an_answer_translates_it() -> None:
    pid = PID.replace("|F|", "|Q|")
    asked = converted("ADT^A01^ADT_A01", pid, PV1)
    answered = converted(
        "ADT^A01^ADT_A01", pid, PV1, answers={("AdministrativeSex", "Q"): ("other", "", "")}
    )

    (unknown,) = asked.unknown_codes
    assert (unknown.position, unknown.vocabulary, unknown.code) == (
        "PID-8",
        "AdministrativeSex",
        "Q",
    )
    assert "gender" not in only(asked, "Patient")
    assert only(answered, "Patient")["gender"] == "other"


def test_the_senders_authorities_and_time_zone_are_used() -> None:
    sender = Sender(
        id="his", name="HIS", time_zone="Europe/London", authorities={"HOSP": "urn:oid:1.2.3"}
    )
    msh = "MSH|^~\\&|HIS|WARD|||20240701120000||ADT^A01|C1|P|2.5"
    from hl7v2_gateway.er7 import parse
    from hl7v2_gateway.mapping.convert import convert

    raw = "\r".join((msh, PID, PV1 + "1530")).encode()
    conversion = convert(parse(raw), sender, message_id="m")

    assert only(conversion, "Patient")["identifier"][0]["system"] == "urn:oid:1.2.3"
    start = only(conversion, "Encounter")["period"]["start"]
    assert start == "2024-03-01T15:30:00+00:00"


def test_what_was_made_can_say_which_rule_and_field_made_it() -> None:
    conversion = converted("ADT^A01^ADT_A01", PID, PV1)

    (upsert,) = [u for u in conversion.upserts if u.type == "Patient"]
    made = {m.path: (m.rule, m.position) for m in conversion.provenance[upsert.full_url]}
    assert made["gender"] == ("PID[Patient].12", "PID-8")
    provenance = only(conversion, "Provenance")
    what = provenance["entity"][0]["what"]["identifier"]
    assert what == {"system": "urn:fhirserver:hl7v2:message", "value": "m1"}


def test_two_records_of_one_person_are_linked() -> None:
    other = PID.replace("123^^^HOSP", "456^^^HOSP")
    conversion = converted("ADT^A24", "EVN|A24|20240301", PID, other)

    one, two = [u for u in conversion.upserts if u.type == "Patient"]
    assert one.resource["link"] == [{"other": {"reference": two.full_url}, "type": "seealso"}]
    assert two.resource["link"] == [{"other": {"reference": one.full_url}, "type": "seealso"}]


def test_a_patient_without_a_number_is_nobody_elses() -> None:
    pid = "PID|1||||Lovelace^Ada||19801210"
    raw = "\r".join((MSH.format(type="ADT^A01"), pid)).encode()
    from hl7v2_gateway.er7 import parse
    from hl7v2_gateway.mapping.convert import convert

    sender = Sender(id="his", name="HIS")
    one, two = (convert(parse(raw), sender, message_id=n) for n in ("1", "2"))

    (first,) = [u.full_url for u in one.upserts if u.type == "Patient"]
    (second,) = [u.full_url for u in two.upserts if u.type == "Patient"]
    assert first != second


def test_a_billing_message_has_one_visit_with_its_diagnosis() -> None:
    conversion = converted(
        "BAR^P01^BAR_P01", PID, PV1, "OBX|1|ST|8-1^x^LN||a", "AL1|1|DA|^Dust", "DG1|1||I10^H^I10"
    )

    assert len(only(conversion, "Encounter")["diagnosis"]) == 1
