"""What policies, scopes and labels come to, without a database."""

from __future__ import annotations

from typing import Any

import pytest

from fhirserver.access.access import EVERYTHING, Allowed, Right
from fhirserver.access.actor import Actor, digests
from fhirserver.access.compile import Caller, Granted, access_of
from fhirserver.access.labels import CONFIDENTIALITY, label
from fhirserver.access.policy import policy_of
from fhirserver.access.principal import User
from fhirserver.search.hashing import element, reference_self
from fhirserver.search.parameters import base_parameters
from fhirserver.search.query import (
    And,
    AnyElement,
    CaredFor,
    Condition,
    Labelled,
    Not,
    Or,
    OwnedBy,
)
from fhirserver.search.site import Site

DOCTOR = Actor(("Practitioner/d", "PractitionerRole/d1"), ("Organization/o",))
PATIENT = Actor(("Patient/p",), patient="p")


def granted(
    *rules: dict[str, Any],
    actor: Actor = DOCTOR,
    clearances: frozenset[str] = frozenset(),
    scopes: Condition | None = EVERYTHING,
    client: list[dict[str, Any]] | None = None,
    powers: tuple[str, ...] = (),
) -> Granted:
    policy = policy_of({"name": "p", "roles": ["r"], "rules": [*rules], "powers": [*powers]})
    of_client = policy_of({"name": "c", "clients": ["c"], "rules": client or []})
    caller = Caller(
        (policy,),
        lambda _type, _right: scopes,
        User("u", "u", roles=frozenset(["r"]), clearances=clearances),
        actor,
        None if client is None else (of_client,),
    )
    return access_of(caller, base_parameters(), Site())


def permit(types: str = "Observation", rights: str = "rs", **others: Any) -> dict[str, Any]:
    return {"types": types.split(","), "rights": rights, **others}


def deny(types: str = "Observation", rights: str = "cruds", **others: Any) -> dict[str, Any]:
    return permit(types, rights, effect="deny", **others)


def parts(allowed: Allowed | None) -> tuple[Condition, ...]:
    assert allowed is not None
    assert isinstance(allowed.condition, And)
    return allowed.condition.conditions


def test_what_no_rule_permits_is_no_right() -> None:
    access = granted(permit("Observation", "rs"))

    assert access.allowed("Observation", "r") is not None
    assert access.allowed("Observation", "u") is None
    assert access.allowed("Patient", "r") is None


def test_whoever_has_no_policy_has_nothing() -> None:
    caller = Caller((), lambda _type, _right: EVERYTHING, User("u", "u"), DOCTOR)
    access = access_of(caller, base_parameters(), Site())

    rights: tuple[Right, ...] = ("c", "r", "u", "d", "s")
    assert all(access.allowed(t, r) is None for t in ("Patient", "ValueSet") for r in rights)


def test_care_is_asked_of_everything_that_the_caller_works_for() -> None:
    allowed = granted(permit(where={"care": ["treatment"]})).allowed("Observation", "s")

    assert CaredFor(DOCTOR.everyone, ("treatment",)) in parts(allowed)


def test_permits_of_several_rules_add_up() -> None:
    allowed = granted(
        permit(where={"care": ["treatment"]}), permit(where={"refers": ["performer"]})
    ).allowed("Observation", "r")

    mine = AnyElement(
        tuple(element("performer", f"r|{a}") for a in ("Practitioner/d", "PractitionerRole/d1"))
    )
    assert Or((mine, CaredFor(DOCTOR.everyone, ("treatment",)))) in parts(allowed)


def test_a_deny_wins_over_every_permit() -> None:
    assert granted(permit(), deny()).allowed("Observation", "r") is None

    some = granted(permit(), deny(where={"search": "status=cancelled"}))
    denied = next(
        c.condition
        for c in parts(some.allowed("Observation", "r"))
        if isinstance(c, Not) and isinstance(c.condition, AnyElement)
    )
    assert denied == AnyElement((element("status", "c|cancelled"),))


def test_a_scope_that_is_missing_takes_the_right_away() -> None:
    assert granted(permit(), scopes=None).allowed("Observation", "r") is None


def test_a_clients_policy_limits_what_the_users_give() -> None:
    within = granted(permit(), client=[permit(rights="r")])

    assert within.allowed("Observation", "r") is not None
    assert within.allowed("Observation", "s") is None
    assert granted(permit(), client=[]).allowed("Observation", "r") is None


def test_a_clients_deny_holds_for_its_user() -> None:
    assert granted(permit(), client=[permit(), deny()]).allowed("Observation", "r") is None


def test_own_records_are_those_of_the_patient_and_of_whom_they_stand_for() -> None:
    actor = Actor(("RelatedPerson/r",), proxied=("a", "b"))

    allowed = granted(permit(where={"own": True}), actor=actor).allowed("Observation", "r")

    assert Or(tuple(OwnedBy(reference_self("Patient", p)) for p in "ab")) in parts(allowed)


def test_what_several_patients_share_is_in_the_record_of_each() -> None:
    allowed = granted(permit("Appointment", where={"own": True}), actor=PATIENT).allowed(
        "Appointment", "r"
    )

    own = Or(
        (
            AnyElement((element("actor", "r|Patient/p"),)),
            OwnedBy(reference_self("Patient", "p")),
        )
    )
    assert own in parts(allowed)


def test_groups_tell_nobody_who_the_other_members_are() -> None:
    assert (
        granted(permit("Group", where={"own": True}), actor=PATIENT).allowed("Group", "r") is None
    )


def test_all_types_of_patients_are_those_of_one_patient_each() -> None:
    access = granted(permit("Patient/*", where={"care": ["break-glass"]}))

    assert access.allowed("Observation", "r") is not None
    assert access.allowed("Task", "r") is not None
    assert access.allowed("Group", "r") is None
    assert access.allowed("Practitioner", "r") is None


def test_restricted_rows_take_a_clearance() -> None:
    def labelled(clearances: set[str]) -> set[int]:
        access = granted(permit(), clearances=frozenset(clearances))
        found: set[int] = set()
        stack = list(parts(access.allowed("Observation", "r")))
        while stack:
            condition = stack.pop()
            if isinstance(condition, Not) and isinstance(condition.condition, Labelled):
                found |= set(condition.condition.labels)
            elif isinstance(condition, And | Or):
                stack += condition.conditions
        return found

    restricted = label(CONFIDENTIALITY, "R")
    psychiatry = label("http://terminology.hl7.org/CodeSystem/v3-ActCode", "PSY")
    very = label(CONFIDENTIALITY, "V")
    assert {restricted, psychiatry, very} <= labelled(set())
    assert psychiatry in labelled({"R"})
    assert restricted not in labelled({"R"})
    assert psychiatry not in labelled({"PSY"})
    assert very in labelled({"R", "PSY"})


def test_only_those_who_may_break_the_glass_see_by_it() -> None:
    rule = permit(where={"care": ["treatment"]})
    broken = CaredFor(DOCTOR.persons, ("break-glass",))

    def asked(access: Granted) -> str:
        return str(access.allowed("Observation", "r"))

    assert str(broken) in asked(granted(rule, powers=("break-glass",)))
    assert str(broken) not in asked(granted(rule))


def test_fields_of_all_rules_that_permit_are_taken_together() -> None:
    access = granted(
        permit("Patient", "ru", hidden=["photo"], changes=["telecom", "contact"]),
        permit("Patient", "ru", hidden=["multipleBirth"], readonly=["contact"]),
    )

    found = access.allowed("Patient", "u")
    assert found is not None
    assert found.hidden == {"photo", "multipleBirthBoolean", "multipleBirthInteger"}
    assert found.changes == {"telecom"}


def test_readonly_elements_are_all_that_cannot_change() -> None:
    found = granted(permit("Patient", "u", readonly=["identifier"])).allowed("Patient", "u")

    assert found is not None
    assert found.changes is not None
    assert "identifier" not in found.changes
    assert "name" in found.changes


@pytest.mark.parametrize(("effect", "left"), [("permit", False), ("deny", False)])
def test_a_rule_about_a_parameter_that_is_gone_gives_nothing(effect: str, left: bool) -> None:
    gone = permit(where={"search": "was-once-here=1"}, effect=effect)

    access = granted(gone) if effect == "permit" else granted(permit(), gone)

    assert (access.allowed("Observation", "r") is not None) is left


def test_without_a_person_here_there_is_no_care() -> None:
    access = granted(permit(where={"care": ["treatment"]}), actor=Actor())

    assert access.allowed("Observation", "r") is None


def test_digests_are_those_of_the_rows() -> None:
    assert digests(("Practitioner/d",)) == (reference_self("Practitioner", "d"),)
