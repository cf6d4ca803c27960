"""What is planned for a shift, whatever the date and the seed."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise

import pytest

from fhirserver.alerting import person_of, shipped_plans, taken_at, warning
from fhirserver.alerting.critical import critical
from fhirserver.demo.day import timeline
from fhirserver.demo.day.event import Deed, NotYet
from fhirserver.demo.day.shifts import Shift, shift_at
from fhirserver.demo.day.story import LONGEST, ROLES, shown_patients
from fhirserver.model.json import parse_object

PLANS = shipped_plans()
SHIFTS = [(seed, Shift(number)) for seed in (1, 2, 7) for number in range(660, 672)]
POTASSIUM = "2823-3"


class Nobody:
    """A server that has nothing."""

    def read(self, resource_type, resource_id):
        return None

    def search(self, resource_type, **parameters):
        return []

    def operate(self, path, body=None, **parameters):
        return {"resourceType": "Parameters"}

    def write(self, *resources):
        raise NotYet("nothing is written")

    def file(self, path, **parameters):
        raise NotYet("nothing is there")


def deeds(seed: int, shift: Shift) -> Iterator[Deed]:
    for event in timeline.of_shift(seed, shift):
        try:
            yield event.act(Nobody())
        except NotYet:
            continue


def born(seed: int, shift: Shift) -> dict[str, dict]:
    """The patients, by reference."""
    return {
        f"Patient/{r['id']}": r for d in deeds(seed, shift) for r in d.resources
        if r["resourceType"] == "Patient"
    }  # fmt: skip


def observations(seed: int, shift: Shift) -> dict[str, list[dict]]:
    """By patient, in order of time."""
    found = defaultdict(dict)
    for deed in deeds(seed, shift):
        for one in deed.resources:
            if one["resourceType"] == "Observation":
                read = parse_object(json.dumps(one).encode())
                found[one["subject"]["reference"]][one["id"]] = read
    return {who: sorted(of.values(), key=taken_at) for who, of in found.items()}


def code_of(observation: dict) -> str:
    return observation["code"]["coding"][0]["code"]


def rises(signs: list[dict]) -> int:
    """How often the level of the early warning score rises, when each round is scored."""
    level = count = 0
    for at in sorted({taken_at(s) for s in signs}):
        found = warning(PLANS["early-warning"], at, [s for s in signs if taken_at(s) <= at],
                        is_scale_2=False)  # fmt: skip
        assert not found.score.missing
        count += found.level > level
        level = found.level
    return count


@pytest.mark.parametrize(("seed", "shift"), SHIFTS[::5])
def test_it_is_the_same_for_the_same_seed_and_another_for_another(seed, shift):
    def told(seed):
        timeline.of_shift.cache_clear()
        return [(d.line, list(d.resources)) for d in deeds(seed, shift)]

    assert told(seed) == told(seed) != told(seed + 1)


@pytest.mark.parametrize(("seed", "shift"), SHIFTS)
def test_keys_are_of_their_shift_and_differ(seed, shift):
    events = timeline.of_shift(seed, shift)

    assert len({e.key for e in events}) == len(events)
    assert all(e.key.startswith(f"{shift.number}/") for e in events)
    assert all(shift.start <= e.at <= shift.start + LONGEST for e in events)
    assert sum(e.closes for e in events) == 6, "everybody goes home"


@pytest.mark.parametrize(("seed", "shift"), SHIFTS)
def test_the_early_warning_score_rises_three_times_for_one_patient_only(seed, shift):
    found = observations(seed, shift)
    signs = {
        who: [o for o in of if o["category"][0]["coding"][0]["code"] == "vital-signs"]
        for who, of in found.items()
    }

    assert Counter(rises(of) for of in signs.values()) == {3: 1, 0: 5}


@pytest.mark.parametrize(("seed", "shift"), SHIFTS)
def test_two_results_are_critical_and_both_are_the_first_potassium_of_a_patient(seed, shift):
    hits, people = 0, born(seed, shift)
    for who, of in observations(seed, shift).items():
        potassium = [o for o in of if code_of(o) == POTASSIUM]
        for one in of:
            if critical(PLANS["critical-results"], one, person_of(people[who], taken_at(one))):
                hits += 1
                assert one == potassium[0]
        for before, after in pairwise(potassium):
            change = after["valueQuantity"]["value"] - before["valueQuantity"]["value"]
            assert abs(change) < 1.5, "a larger change is an alert of its own"

    assert hits == 2


def test_patients_have_the_names_of_their_parts():
    shift = Shift(661)
    shown = {
        r["id"] for d in deeds(1, shift) for r in d.resources if r["resourceType"] == "Patient"
    }

    assert len(shown) == len(ROLES) - 1, "pneumonia is by day, the heart by night"
    assert shown < set(shown_patients(1, shift))


def test_events_come_in_order_each_once_however_they_are_asked_for():
    shift = Shift(661)
    whole = list(timeline.events(1, shift.number, (shift.start, ""), shift.end))
    parts, after = [], (shift.start, "")
    while after[0] < shift.end:
        until = after[0] + (shift.end - shift.start) / 7
        found = list(timeline.events(1, shift.number, after, min(until, shift.end)))
        parts += found
        after = timeline.place(found[-1]) if found else (until, "")
        if found and found[-1] is whole[-1]:
            break

    assert [e.key for e in parts] == [e.key for e in whole]
    assert all(shift_at(e.at) == shift for e in whole if e.at < shift.end)
    assert timeline.event(1, whole[9].key) is whole[9]
