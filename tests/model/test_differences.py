"""https://hl7.org/fhir/R4/fhirpatch.html"""

from __future__ import annotations

import itertools
import json
import random
import tarfile
from pathlib import Path

import pytest

from fhirserver.model import differences as module
from fhirserver.model.differences import differences
from tests.builders import a_patient, an_observation
from tests.model.fhirpath_patch import apply

EXAMPLES = Path(__file__).parents[3] / "shared/data/r4-examples/r4-examples-instances.tar.xz"


def told(old, new):
    """The operations as short texts, without their values."""
    return [
        " ".join(str(next(v for k, v in p.items() if k.startswith("value"))) for p in o["part"][:2])
        for o in differences(old, new)
    ]  # fmt: skip


def test_equal_resources_differ_in_nothing():
    assert differences(a_patient(), a_patient()) == []


def test_elements_are_added_replaced_and_deleted():
    old = a_patient(gender="male", birthDate="1980")
    new = a_patient(gender="female", active=True)

    assert told(old, new) == ["replace Patient.gender", "delete Patient.birthDate", "add Patient"]
    assert apply(old, differences(old, new)) == new


def test_what_changed_inside_is_told_there():
    old = a_patient(contact=[{"name": {"family": "A"}}, {"name": {"family": "B"}}])
    new = a_patient(contact=[{"name": {"family": "A"}}, {"name": {"family": "C"}}])

    assert told(old, new) == ["replace Patient.contact[1].name.family"]


def test_an_item_in_the_middle_is_inserted_or_deleted():
    short = a_patient(name=[{"family": "A"}, {"family": "C"}])
    long = a_patient(name=[{"family": "A"}, {"family": "B"}, {"family": "C"}])

    assert told(short, long) == ["insert Patient.name"]
    assert told(long, short) == ["delete Patient.name[1]"]


def test_a_choice_of_another_type_is_replaced():
    old, new = an_observation(), an_observation(valueString="heavy")
    del new["valueQuantity"]

    assert told(old, new) == ["replace Observation.value"]
    assert apply(old, differences(old, new)) == new


def test_a_primitives_extension_counts():
    extension = {"extension": [{"url": "http://a.example", "valueCode": "unknown"}]}
    old, new = (
        a_patient(),
        a_patient(_birthDate=extension, name=[{"_given": [extension]}]),
    )

    assert apply(old, differences(old, new)) == new
    assert apply(new, differences(new, old)) == old


def test_a_very_long_list_takes_no_long_time():
    old = a_patient(name=[{"family": str(n)} for n in range(20_000)])
    new = a_patient(name=[{"family": str(n)} for n in range(20_000, 0, -1)])

    assert apply(old, differences(old, new)[:3])
    assert len(differences(old, new)) < 20_001


@pytest.mark.parametrize("aligned", [module.MOST_ALIGNED, 1])
def test_the_patch_of_any_two_examples_turns_one_into_the_other(aligned, monkeypatch):
    if not EXAMPLES.exists():
        pytest.skip("the R4 examples are not beside this checkout")
    monkeypatch.setattr(module, "MOST_ALIGNED", aligned)
    with tarfile.open(EXAMPLES) as archive:
        texts = [
            archive.extractfile(m).read() for m in archive.getmembers() if m.name.endswith(".json")
        ]
    resources = [json.loads(t) for t in texts if len(t) < 20_000]
    by_type = itertools.groupby(
        sorted(resources, key=lambda r: r["resourceType"]), key=lambda r: r["resourceType"]
    )
    choose = random.Random(1)

    tried = 0
    for _, group in by_type:
        group = list(group)
        choose.shuffle(group)
        for old, new in itertools.pairwise(group[:12]):
            patched = apply(old, differences(old, new))
            assert patched == new, (old["resourceType"], old["id"], new["id"])
            tried += 1
    assert tried > 300
