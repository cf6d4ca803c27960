"""Clinical cases: what a pharmacist would say, and where that is written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fhirserver.prescribing.checks import Record, check, check_list
from fhirserver.prescribing.codes import Code
from fhirserver.prescribing.finding import SHORT, Unchecked
from tests.prescribing.builders import ATC, RXNORM, SNOMED, a_prescription, an_allergy, coded

# Codes of medicines and ingredients in RxNorm.
WARFARIN, ASPIRIN, IBUPROFEN, NAPROXEN = "11289", "1191", "5640", "7258"
SIMVASTATIN_20, CLARITHROMYCIN, AZITHROMYCIN = "312961", "21212", "18631"
SILDENAFIL, NITROGLYCERIN, LITHIUM, HYDROCHLOROTHIAZIDE = "136411", "4917", "6448", "310798"
AMOXICILLIN_500, CEFAZOLIN, CEFTRIAXONE, PIPERACILLIN = "308192", "2180", "2193", "1659149"
COTRIMOXAZOLE, METHOTREXATE, MORPHINE, DIAZEPAM = "10831", "6851", "7052", "3322"
LISINOPRIL_10, ENALAPRIL, LOSARTAN, SPIRONOLACTONE = "314076", "3827", "52175", "313096"
OXYCODONE_ACETAMINOPHEN, ACETAMINOPHEN_500 = "1049221", "198440"
CLOPIDOGREL, OMEPRAZOLE, PANTOPRAZOLE, PHENELZINE, SERTRALINE = "309362", "7646", "40790", "8123", "36437"  # fmt: skip

PHANSALKAR = "doi:10.1136/amiajnl-2011-000612"

INTERACTIONS = [
    # prescribed, taken, severity, what the source says, source
    (IBUPROFEN, WARFARIN, "high", "Bleeding", "Coumadin"),
    (WARFARIN, ASPIRIN, "high", "Bleeding", "Coumadin"),
    (CLARITHROMYCIN, SIMVASTATIN_20, "high", "rhabdomyolysis", "FDA Drug Safety Communication"),
    (NITROGLYCERIN, SILDENAFIL, "high", "blood pressure", "Viagra"),
    (HYDROCHLOROTHIAZIDE, LITHIUM, "high", "Lithium intoxication", "Lithium"),
    (LISINOPRIL_10, LITHIUM, "high", "Lithium intoxication", "Lithium"),
    (COTRIMOXAZOLE, METHOTREXATE, "high", "Bone marrow", "Methotrexate"),
    (COTRIMOXAZOLE, WARFARIN, "high", "INR", "Bactrim"),
    (DIAZEPAM, MORPHINE, "high", "respiratory depression", "FDA Drug Safety Communication"),
    (SERTRALINE, PHENELZINE, "high", "Serotonin", PHANSALKAR),
    (SPIRONOLACTONE, LISINOPRIL_10, "moderate", "Hyperkalaemia", "Aldactone"),
    (LOSARTAN, LISINOPRIL_10, "moderate", "double blockade", "Zestril"),
    (OMEPRAZOLE, CLOPIDOGREL, "moderate", "CYP2C19", "Plavix"),
]
NO_INTERACTIONS = [
    (AZITHROMYCIN, SIMVASTATIN_20),  # doesn't inhibit CYP3A4: the alternative
    (PANTOPRAZOLE, CLOPIDOGREL),  # the alternative that the label names
    (ACETAMINOPHEN_500, WARFARIN),
]


def found(prescribed, *, taken=(), allergies=(), known):
    record = Record(
        allergies=[a | {"id": f"a{n}"} for n, a in enumerate(allergies)],
        medicines=[a_prescription(c) | {"id": f"m{n}"} for n, c in enumerate(taken)],
    )
    return check([a_prescription(prescribed)], record, known).findings


@pytest.mark.parametrize(("one", "other", "severity", "words", "source"), INTERACTIONS)
def test_a_known_interaction_is_told_with_its_source_in_both_orders(one, other, severity, words, source, shipped):  # fmt: skip
    for a, b in ((one, other), (other, one)):
        (finding,) = [f for f in found(a, taken=[b], known=shipped) if f.kind == "interaction"]

        assert finding.severity == severity
        assert words in finding.detail
        assert source in finding.source
        assert finding.management
        assert finding.against == ("MedicationRequest/m0",)


@pytest.mark.parametrize(("one", "other"), NO_INTERACTIONS)
def test_the_alternatives_give_no_alarm(one, other, shipped):
    assert found(one, taken=[other], known=shipped) == []


ALLERGIES = [
    # prescribed, allergen, its system, severity
    (AMOXICILLIN_500, "764146007", SNOMED, "high"),  # penicillin, and a penicillin
    (PIPERACILLIN, "91936005", SNOMED, "high"),
    (AMOXICILLIN_500, "372687004", SNOMED, "high"),  # the substance itself
    (AMOXICILLIN_500, "723", RXNORM, "high"),  # the ingredient in RxNorm
    (AMOXICILLIN_500, AMOXICILLIN_500, RXNORM, "high"),  # the very product
    (AMOXICILLIN_500, "J01CA", ATC, None),  # a group that the sample doesn't tell apart
    (AMOXICILLIN_500, "J01C", ATC, "high"),
    (COTRIMOXAZOLE, "387406002", SNOMED, "high"),  # sulfonamide
    (IBUPROFEN, "387458008", SNOMED, "moderate"),  # aspirin: cross-reaction by COX-1
    (CEFAZOLIN, "764146007", SNOMED, "moderate"),  # JACI 2022;150:1333
    (CEFTRIAXONE, "764146007", SNOMED, None),  # another side chain
    (WARFARIN, "764146007", SNOMED, None),
    (WARFARIN, "762952008", SNOMED, None),  # peanut
    (WARFARIN, "716186003", SNOMED, None),  # no known allergy
]


@pytest.mark.parametrize(("prescribed", "allergen", "system", "severity"), ALLERGIES)
def test_an_allergy_is_found_by_code_ingredient_and_group(prescribed, allergen, system, severity, shipped):  # fmt: skip
    findings = found(prescribed, allergies=[an_allergy(allergen, system)], known=shipped)

    assert [f.severity for f in findings if f.kind == "allergy"] == ([severity] if severity else [])


def status(kind, code):
    return coded(code, f"http://terminology.hl7.org/CodeSystem/allergyintolerance-{kind}")


@pytest.mark.parametrize(
    ("elements", "severity"),
    [
        ({"criticality": "high"}, "high"),
        ({"criticality": "low"}, "moderate"),
        ({"type": "intolerance"}, "moderate"),
        ({"type": "intolerance", "criticality": "high"}, "high"),
        ({"verificationStatus": status("verification", "unconfirmed")}, "moderate"),
        ({"verificationStatus": status("verification", "presumed"), "criticality": "high"}, "high"),
        ({"verificationStatus": status("verification", "unconfirmed"), "criticality": "low"}, "low"),
        ({"verificationStatus": status("verification", "refuted")}, None),
        ({"verificationStatus": status("verification", "entered-in-error"), "clinicalStatus": None}, None),
        ({"clinicalStatus": status("clinical", "resolved")}, None),
        ({"clinicalStatus": status("clinical", "inactive")}, None),
    ],
)  # fmt: skip
def test_status_and_criticality_decide_how_severe_it_is(elements, severity, shipped):
    allergy = an_allergy("764146007", SNOMED, **elements)

    findings = found(AMOXICILLIN_500, allergies=[allergy], known=shipped)
    assert [f.severity for f in findings] == ([severity] if severity else [])


def test_a_reaction_names_the_allergen_too(shipped):
    reaction = {
        "substance": coded("372687004", SNOMED),
        "manifestation": [{"text": "anaphylaxis"}],
    }
    allergy = an_allergy("999", SNOMED, code={"text": "antibiotic"}, reaction=[reaction])

    (finding,) = found(AMOXICILLIN_500, allergies=[allergy], known=shipped)
    assert "anaphylaxis" in finding.detail


@pytest.mark.parametrize(
    ("one", "other", "severity"),
    [
        (ACETAMINOPHEN_500, OXYCODONE_ACETAMINOPHEN, "moderate"),  # hidden in a combination
        (LISINOPRIL_10, "29046", "moderate"),  # product and ingredient
        (LISINOPRIL_10, ENALAPRIL, "low"),  # two ACE inhibitors
        (IBUPROFEN, NAPROXEN, "low"),  # two NSAIDs
        (LISINOPRIL_10, WARFARIN, None),
    ],
)
def test_the_same_therapy_twice_is_found_by_ingredient_and_group(one, other, severity, shipped):
    findings = [f for f in found(one, taken=[other], known=shipped) if f.kind == "duplicate"]

    assert [f.severity for f in findings] == ([severity] if severity else [])


def test_what_is_prescribed_by_atc_code_is_checked_too(shipped):
    drug = a_prescription(medicationCodeableConcept=coded("M01AE01", ATC, "Ibuprofen"))
    taken = Record(medicines=[a_prescription(WARFARIN) | {"id": "m"}])

    assert [f.severity for f in check([drug], taken, shipped).findings] == ["high"]


def test_a_medication_resource_tells_its_ingredients(shipped):
    drug = {
        "resourceType": "Medication",
        "id": "mix",
        "code": {"text": "ward mixture"},
        "ingredient": [{"itemCodeableConcept": coded(IBUPROFEN)}],
    }
    asked = a_prescription(
        medicationCodeableConcept=None, medicationReference={"reference": "Medication/mix"}
    )
    taken = [a_prescription(WARFARIN) | {"id": "m"}]

    checked = check([asked], Record(medicines=taken, drugs={"Medication/mix": drug}), shipped)
    assert [f.kind for f in checked.findings] == ["interaction"]
    assert checked.unchecked == []


@pytest.mark.parametrize(
    "elements",
    [
        {"status": "stopped"}, {"status": "completed"}, {"status": "draft"},
        {"status": "entered-in-error"}, {"intent": "proposal"}, {"doNotPerform": True},
    ],
)  # fmt: skip
def test_what_isnt_taken_speaks_against_nothing(elements, shipped):
    record = Record(medicines=[a_prescription(WARFARIN, **elements) | {"id": "m"}])

    assert check([a_prescription(IBUPROFEN)], record, shipped).findings == []


def test_a_renewal_is_no_duplicate_of_what_it_renews(shipped):
    old = a_prescription(LISINOPRIL_10) | {"id": "old"}
    new = a_prescription(LISINOPRIL_10, priorPrescription={"reference": "MedicationRequest/old"})

    assert check([new], Record(medicines=[old]), shipped).findings == []
    assert check([old], Record(medicines=[old]), shipped).findings == [], "nor of itself"


def test_a_list_tells_each_problem_once(shipped):
    """A statement that a prescribed medicine is taken is no second medicine."""

    def a_statement(code):
        return a_prescription(code) | {"resourceType": "MedicationStatement", "id": f"s{code}"}

    requests = [a_prescription(c) | {"id": c} for c in (WARFARIN, IBUPROFEN)]
    record = Record(medicines=[*requests, a_statement(WARFARIN), a_statement("310965")])

    assert [f.kind for f in check_list(record, shipped).findings] == ["interaction"]
    only_stated = Record(medicines=[requests[0], a_statement(IBUPROFEN)])
    assert [f.kind for f in check_list(only_stated, shipped).findings] == ["interaction"]
    prescribed = check(
        [a_prescription("310965")], Record(medicines=[a_statement(IBUPROFEN)]), shipped
    )
    assert [f.kind for f in prescribed.findings] == ["duplicate"], "it is taken already"


@pytest.mark.parametrize("turned", [False, True])
def test_a_list_may_hold_a_renewal_and_what_it_renews_in_any_order(turned, shipped):
    old = a_prescription(LISINOPRIL_10) | {"id": "old"}
    new = a_prescription(LISINOPRIL_10, priorPrescription={"reference": "MedicationRequest/old"})
    both = [old, new | {"id": "new"}]

    record = Record(medicines=both[::-1] if turned else both)
    assert check_list(record, shipped).findings == []


def test_an_order_not_to_give_something_is_no_problem(shipped):
    record = Record(medicines=[a_prescription(WARFARIN) | {"id": "m"}])

    assert check([a_prescription(IBUPROFEN, doNotPerform=True)], record, shipped).findings == []


def test_what_is_prescribed_together_is_compared_once(shipped):
    both = [a_prescription(WARFARIN), a_prescription(IBUPROFEN)]

    assert len(check(both, Record(), shipped).findings) == 1


def test_what_cant_be_compared_is_told(shipped):
    record = Record(
        allergies=[
            an_allergy("1", "urn:own") | {"id": "own"},
            an_allergy("-", code={"text": "some antibiotic"}) | {"id": "text"},
            an_allergy("-", code={"text": "cats"}, category=["environment"]) | {"id": "cats"},
            an_allergy("716186003", SNOMED) | {"id": "none"},
        ],
        medicines=[
            a_prescription(medicationCodeableConcept={"text": "herbal tea"}) | {"id": "tea"}
        ],
        gaps=[Unchecked("MedicationStatement", "hidden")],
    )

    told = {u.reference: u.reason for u in check([a_prescription(WARFARIN)], record, shipped).unchecked}  # fmt: skip
    assert told == {
        "MedicationRequest/tea": "the medicine is given as text only",
        "AllergyIntolerance/own": "the allergy is recorded as a code that isn't known here",
        "AllergyIntolerance/text": "the allergy is recorded as text only",
        "MedicationStatement": "hidden",
    }


def test_an_allergy_in_a_sites_own_codes_is_found_by_its_ingredients(shipped):
    local = "http://site.example/drugs"
    own = replace(
        shipped,
        ingredients={
            **shipped.ingredients,
            Code(local, "amox"): frozenset({Code(RXNORM, "723")}),
            Code(ATC, "J01CA04"): frozenset({Code(RXNORM, "723")}),
        },
    )
    for system, code in ((local, "amox"), (ATC, "J01CA04")):
        (finding,) = found(AMOXICILLIN_500, allergies=[an_allergy(code, system)], known=own)

        assert "both contain amoxicillin" in finding.detail


@pytest.mark.parametrize("code", ["J01CA", "J01CA04"])
def test_an_allergy_to_what_the_knowledge_does_not_tell_apart_is_said_to_be_unchecked(code, shipped):  # fmt: skip
    record = Record(allergies=[an_allergy(code, ATC) | {"id": "a"}])

    checked = check([a_prescription(AMOXICILLIN_500)], record, shipped)

    assert [u.reference for u in checked.unchecked] == ["AllergyIntolerance/a"]


def test_the_worst_comes_first_and_every_summary_is_short(shipped):
    findings = found(
        IBUPROFEN,
        taken=[NAPROXEN, WARFARIN, ASPIRIN],
        allergies=[an_allergy("387458008", SNOMED)],
        known=shipped,
    )

    order = ["high", "moderate", "low"]
    assert [f.severity for f in findings] == sorted((f.severity for f in findings), key=order.index)
    assert len(findings) >= 4
    assert all(0 < len(f.summary) <= SHORT for f in findings)


def test_the_same_finding_has_the_same_key_and_another_has_another(shipped):
    one, *_ = found(IBUPROFEN, taken=[WARFARIN], known=shipped)
    again, *_ = found(IBUPROFEN, taken=[WARFARIN], known=shipped)
    other, *_ = found(NAPROXEN, taken=[WARFARIN], known=shipped)

    assert one.key == again.key != other.key


def test_every_shipped_interaction_has_severity_explanation_management_and_source(shipped):
    told = shipped.interactions.values()

    assert len(told) >= 40
    assert all(i.explanation and i.management and i.source != "Interactions of medicines" for i in told)  # fmt: skip
    named = {c for i in told for c in (i.one, i.other)}
    reachable = set(shipped.groups) | set().union(*shipped.groups.values())
    assert named - reachable == set(), "each is an ingredient or group that a medicine may have"


def test_a_loaded_dictionary_tells_the_ingredients_of_other_products(shipped):
    from dataclasses import replace

    brand = Code(RXNORM, "855332")
    known = replace(shipped, related=lambda c: [Code(RXNORM, WARFARIN)] if c == brand else ())

    (finding,) = found(IBUPROFEN, taken=[brand.code], known=known)
    assert finding.severity == "high"
