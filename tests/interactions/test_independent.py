"""Changes that are carried out many at a time, and look as if they had been made one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from fhirserver import ids
from fhirserver.errors import FhirError
from fhirserver.interactions.independent import commit_each
from fhirserver.interactions.intents import Done, Intent
from tests.builders import SYSTEM, a_patient, an_identifier, an_observation


@pytest.fixture
def carry_out(app: Flask) -> Iterator[Callable[..., Any]]:
    """Carry out intents; what became of each, and the groups that were kept."""
    ctx = app.extensions["fhirserver"].own_context

    def run(*intents: Intent) -> tuple[list[Done | FhirError], list[list[int]]]:
        groups: list[list[int]] = []
        done = dict(commit_each(ctx, intents, then=lambda part: groups.append(list(part))))
        return [done[n] for n in range(len(intents))], groups

    yield run
    ctx.store.database.close()


def create(resource: dict[str, Any], criteria: str | None = None) -> Intent:
    return Intent("create", resource["resourceType"], resource=resource, criteria=criteria)


def test_what_has_nothing_to_do_with_each_other_is_one_group(carry_out):
    identifiers = [an_identifier() for _ in range(3)]
    _, groups = carry_out(
        *(
            create(a_patient(identifier=[i]), f"identifier={SYSTEM}|{i['value']}")
            for i in identifiers
        )
    )

    assert groups == [[0, 1, 2]]


def test_a_condition_sees_what_was_created_before_it(carry_out):
    identifier = an_identifier()
    patient = a_patient(identifier=[identifier])
    done, _ = carry_out(
        create(patient), create(patient, f"identifier={SYSTEM}|{identifier['value']}")
    )

    assert [d.status for d in done] == [201, 200]
    assert done[0].id == done[1].id


def test_any_other_condition_sees_it_too(carry_out):
    family = ids.new()
    patient = a_patient(name=[{"family": family}])
    done, _ = carry_out(create(patient), create(patient, f"family:exact={family}"))

    assert [d.status for d in done] == [201, 200]


def test_the_same_resource_can_change_twice(carry_out):
    patient = a_patient(id=ids.new())
    done, _ = carry_out(
        Intent("update", "Patient", id=patient["id"], resource=patient),
        Intent("update", "Patient", id=patient["id"], resource=patient | {"gender": "male"}),
    )

    assert [d.version for d in done] == [1, 2]


def test_only_what_cannot_be_done_is_not_done(carry_out):
    performer = {"reference": f"Practitioner?identifier={ids.new()}"}
    intents = [create(an_observation()) for _ in range(40)]
    intents[7] = intents[31] = create(an_observation(performer=[performer]))

    done, _ = carry_out(*intents)

    assert [n for n, d in enumerate(done) if isinstance(d, FhirError)] == [7, 31]
