"""Conditions of access rules reach every statement: what is hidden is as good as absent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fhirserver.access.access import EVERYTHING, Access, Allowed
from fhirserver.access.principal import Principal, scopes
from fhirserver.engine import Engine
from fhirserver.errors import FhirError, Forbidden, Gone, NotFound
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model import json
from fhirserver.search.hashing import reference_self
from fhirserver.search.query import AnyElement, CaredFor, Ids, OwnedBy
from fhirserver.storage import chains

SYSTEM = Principal("loader", scopes("system/*.cruds"))


@pytest.fixture(scope="module")
def engine(app) -> Engine:
    return app.extensions["fhirserver"]


class World:
    """Two patients with observations, one of them the caller."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.mine, self.other = (
            self.create({"resourceType": "Patient"}),
            self.create({"resourceType": "Patient", "name": [{"family": "Hidden"}]}),
        )
        self.seen = self.create(self.observation(self.mine, "1-8"))
        self.unseen = self.create(self.observation(self.other, "1-8"))

    def observation(self, patient: Any, code: str) -> Any:
        return {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "subject": {"reference": f"Patient/{patient['id']}"},
            "valueString": f"of {patient['id']}",
        }

    def create(self, resource: Any) -> Any:
        return self.ask(SYSTEM, "create", resource["resourceType"], body=resource)

    def ask(self, who: Principal, interaction: str, type_: str | None, **rest: Any) -> Any:
        answer = self.engine.handle(FhirRequest(interaction, who, type=type_, **rest))
        return json.parse(answer.content) if answer.content else answer

    def found(self, type_: str, *query: tuple[str, str], interaction: str = "search-type") -> Any:
        return self.ask(self.me, interaction, type_, query=query)

    def owner_of(self, patient: Any) -> OwnedBy:
        return OwnedBy(reference_self("Patient", patient["id"]))

    @property
    def me(self) -> Principal:
        allowed = Allowed(self.owner_of(self.mine))
        return Principal("me", scopes("user/*.cruds"), given_access=Access(lambda t, r: allowed))


@pytest.fixture
def world(engine) -> World:
    return World(engine)


def ids(bundle: Any) -> list[str]:
    return sorted(e["resource"]["id"] for e in bundle.get("entry", ()))


def test_read_of_a_hidden_resource_is_that_of_an_absent_one(world):
    assert world.ask(world.me, "read", "Observation", id=world.seen["id"])["id"] == world.seen["id"]

    errors = []
    for id_ in (world.unseen["id"], "absent"):
        with pytest.raises(NotFound) as caught:
            world.ask(world.me, "read", "Observation", id=id_)
        errors.append(str(caught.value).replace(id_, "ID"))
    assert errors[0] == errors[1]


def test_search_count_and_total_are_of_what_is_seen(world):
    assert ids(world.found("Observation", ("code", "1-8"), ("_total", "accurate"))) == [
        world.seen["id"]
    ]
    assert world.found("Observation", ("_summary", "count"))["total"] == 1
    assert world.found("Observation", ("_total", "estimate"), ("_count", "0"))["total"] == 1
    assert ids(world.found("Observation", ("_sort", "-date"))) == [world.seen["id"]]
    assert ids(world.found("Observation", ("_lastUpdated", "ge2020"))) == [world.seen["id"]]


@pytest.mark.parametrize("most", [chains.MOST, 0])
def test_chains_and_inclusions_don_t_tell_of_what_is_hidden(world, monkeypatch, most):
    # Chains through more than that are a part of the search itself.
    monkeypatch.setattr(chains, "MOST", most)
    shared = world.observation(world.mine, "9-9") | {
        "hasMember": [{"reference": f"Observation/{world.unseen['id']}"}]
    }
    shared = world.create(shared)

    assert world.found("Observation", ("has-member.code", "1-8")).get("total") == 0
    assert world.found("Patient", ("_has:Observation:subject:code", "1-8"))["total"] == 1
    found = world.found("Observation", ("code", "9-9"), ("_include", "Observation:has-member"))
    assert ids(found) == [shared["id"]]
    assert ids(world.found("Patient", ("_revinclude", "Observation:subject"))) == sorted(
        [world.mine["id"], world.seen["id"], shared["id"]]
    )


def test_a_hidden_list_finds_nothing(world):
    def listing(patient):
        return world.create(
            {
                "resourceType": "List",
                "status": "current",
                "mode": "working",
                "subject": {"reference": f"Patient/{patient['id']}"},
                "entry": [{"item": {"reference": f"Observation/{world.seen['id']}"}}],
            }
        )

    mine, other = listing(world.mine), listing(world.other)

    assert ids(world.found("Observation", ("_list", mine["id"]))) == [world.seen["id"]]
    assert ids(world.found("Observation", ("_list", other["id"]))) == []


def test_a_version_is_included_where_it_is_seen_now_and_was_then(world):
    """Versions 1 and 3 are the caller's, 2 and 4 another patient's, as all of it is in the end."""
    id_ = world.seen["id"]
    for whose in (world.other, world.mine):
        body = world.observation(whose, "1-8") | {"id": id_}
        world.ask(SYSTEM, "update", "Observation", id=id_, body=body)
    for number in "1234":
        member = {"reference": f"Observation/{id_}/_history/{number}"}
        world.create(world.observation(world.mine, f"8-{number}") | {"hasMember": [member]})

    def included():
        found = world.found("Observation", ("_include", "Observation:has-member"))
        versions = [e["resource"]["meta"]["versionId"] for e in found["entry"]
                    if e["search"]["mode"] == "include"]  # fmt: skip
        matched = [e["resource"]["meta"]["versionId"] for e in found["entry"]
                   if e["search"]["mode"] == "match" and e["resource"]["id"] == id_]  # fmt: skip
        return sorted(versions), matched

    assert included() == (["1"], ["3"])
    body = world.observation(world.other, "1-8") | {"id": id_}
    world.ask(SYSTEM, "update", "Observation", id=id_, body=body)
    assert included() == ([], [])


def test_histories_show_only_what_is_seen_now_and_was_then(world):
    id_ = world.seen["id"]
    moved = world.seen | world.observation(world.other, "1-8") | {"id": id_}
    world.ask(SYSTEM, "update", "Observation", id=id_, body=moved)
    with pytest.raises(NotFound):
        world.ask(world.me, "vread", "Observation", id=id_, version="1")
    back = world.observation(world.mine, "2-2") | {"id": id_}
    world.ask(SYSTEM, "update", "Observation", id=id_, body=back)

    versions = world.ask(world.me, "history-instance", "Observation", id=id_)
    assert [e["resource"]["meta"]["versionId"] for e in versions["entry"]] == ["3", "1"]
    assert versions["total"] == 2
    with pytest.raises(NotFound):
        world.ask(world.me, "vread", "Observation", id=id_, version="2")
    for interaction, type_ in (("history-type", "Observation"), ("history-system", None)):
        found = world.ask(world.me, interaction, type_)
        observations = [e["resource"] for e in found["entry"]
                        if e["resource"]["resourceType"] == "Observation"]  # fmt: skip
        assert {r["id"] for r in observations} == {id_}
        assert len(observations) == 2


def test_a_deleted_resource_is_gone_for_its_patient_and_absent_for_others(world):
    for resource in (world.seen, world.unseen):
        world.ask(SYSTEM, "delete", "Observation", id=resource["id"])

    with pytest.raises(Gone):
        world.ask(world.me, "read", "Observation", id=world.seen["id"])
    with pytest.raises(NotFound):
        world.ask(world.me, "read", "Observation", id=world.unseen["id"])


def test_a_page_link_is_of_no_use_to_others(world):
    world.create(world.observation(world.mine, "1-8"))
    page = world.found("Observation", ("_count", "1"))
    (link,) = [one["url"] for one in page["link"] if one["relation"] == "next"]
    token = link.partition("_page=")[2]

    assert len(world.found("Observation", ("_page", token))["entry"]) == 1
    with pytest.raises(NotFound):
        world.ask(SYSTEM, "search-type", "Observation", query=(("_page", token),))


def test_a_page_shows_nothing_that_has_been_hidden_since_the_first(world):
    more = [world.create(world.observation(world.mine, "1-8")) for _ in range(3)]
    page = world.found("Observation", ("_count", "1"))
    (link,) = [one["url"] for one in page["link"] if one["relation"] == "next"]
    for resource in more[:2]:
        moved = world.observation(world.other, "1-8") | {"id": resource["id"]}
        world.ask(SYSTEM, "update", "Observation", id=resource["id"], body=moved)

    rest = world.found("Observation", ("_page", link.partition("_page=")[2]), ("_count", "9"))
    assert ids(rest) == [world.seen["id"]]


def test_writes_must_be_allowed_before_and_after(world):
    for body in (world.observation(world.other, "3-3"), {"resourceType": "Observation",
                 "status": "final", "code": {"text": "of nobody"}}):  # fmt: skip
        with pytest.raises(Forbidden):
            world.ask(world.me, "create", "Observation", body=body)
    moved = world.observation(world.other, "1-8") | {"id": world.seen["id"]}
    with pytest.raises(Forbidden):
        world.ask(world.me, "update", "Observation", id=world.seen["id"], body=moved)
    mine = world.observation(world.mine, "4-4")
    assert world.ask(world.me, "create", "Observation", body=mine)["id"]

    stored = world.ask(SYSTEM, "read", "Observation", id=world.seen["id"])
    assert stored["meta"]["versionId"] == "1"


def test_writes_to_a_hidden_id_are_answered_as_to_an_absent_one(world):
    def answers(interaction: str, **rest: Any) -> list[str]:
        found = []
        for id_ in (world.unseen["id"], "no-such-id"):
            try:
                body = world.observation(world.mine, "1-8") | {"id": id_}
                if interaction == "patch":
                    body = [{"op": "add", "path": "/valueString", "value": "x"}]
                    rest = {"patch_format": "json-patch"}
                request = FhirRequest(interaction, world.me, type="Observation", id=id_, body=body,
                                      **rest)  # fmt: skip
                found.append(str(world.engine.handle(request).status))
            except FhirError as error:
                found.append(f"{type(error).__name__} {error}".replace(id_, "ID"))
        return found

    for interaction in ("update", "patch", "delete"):
        hidden, absent = answers(interaction)
        assert hidden == absent
    hidden, absent = answers("update", if_match='W/"1"')
    assert hidden == absent
    assert (
        world.ask(SYSTEM, "read", "Observation", id=world.unseen["id"])["meta"]["versionId"] == "1"
    )


def test_conditional_writes_see_only_what_the_caller_sees(world):
    done = world.engine.handle(
        FhirRequest("delete", world.me, type="Observation", query=(("code", "1-8"),))
    )

    assert done.status == 204
    assert world.ask(SYSTEM, "read", "Observation", id=world.unseen["id"])
    with pytest.raises(Gone):
        world.ask(SYSTEM, "read", "Observation", id=world.seen["id"])


def test_a_condition_that_matches_nobody_is_no_way_to_a_hidden_resource(world):
    """The id in the resource would make it, or, where it is taken, another version of it."""
    for id_ in (world.unseen["id"], "nobody-has-this"):
        mine = world.observation(world.mine, "1-8") | {"id": id_}
        with pytest.raises(NotFound, match=f"Observation/{id_} doesn't exist"):
            world.ask(world.me, "update", "Observation", query=(("identifier", "none"),), body=mine)

    kept = world.ask(SYSTEM, "read", "Observation", id=world.unseen["id"])
    assert kept == world.unseen


def test_hidden_elements_are_neither_shown_nor_searched_nor_lost(world):
    allowed = Allowed(hidden=frozenset({"name"}))
    me = replace(world.me, given_access=Access(lambda t, r: allowed))

    shown = world.ask(me, "read", "Patient", id=world.other["id"])
    assert "name" not in shown
    assert "REDACTED" in {c["code"] for c in shown["meta"]["security"]}
    for query in (("name", "Hidden"), ("family:missing", "false"), ("_sort", "family"),
                  ("_content", "Hidden"), ("_filter", "name co hid")):  # fmt: skip
        with pytest.raises(Forbidden):
            world.ask(me, "search-type", "Patient", query=(query,))
    with pytest.raises(Forbidden):
        world.ask(me, "search-type", "Observation", query=(("subject:Patient.name", "Hidden"),))
    world.ask(me, "update", "Patient", id=world.other["id"], body=shown | {"gender": "female"})
    stored = world.ask(SYSTEM, "read", "Patient", id=world.other["id"])
    assert (stored["name"], stored["gender"]) == ([{"family": "Hidden"}], "female")
    assert "security" not in stored["meta"]


def test_only_some_elements_may_be_changed(world):
    allowed = Allowed(changes=frozenset({"telecom"}), constraints=("%after.telecom.count() < 2",))
    me = replace(world.me, given_access=Access(lambda t, r: allowed))
    patient = world.ask(me, "read", "Patient", id=world.mine["id"])

    phone = {"system": "phone", "value": "1"}
    changed = world.ask(
        me, "update", "Patient", id=patient["id"], body=patient | {"telecom": [phone]}
    )
    assert changed["telecom"]
    for body in (
        changed | {"gender": "male"},
        changed | {"telecom": [phone, phone | {"value": "2"}]},
    ):
        with pytest.raises(Forbidden):
            world.ask(me, "update", "Patient", id=patient["id"], body=body)


def test_a_care_relationship_opens_a_patient_s_rows_until_it_ends(world, database):
    doctor = reference_self("Practitioner", world.mine["id"])
    allowed = Allowed(CaredFor((doctor,), ("treatment",)))
    me = replace(world.me, given_access=Access(lambda t, r: allowed))
    assert world.ask(me, "search-type", "Observation")["total"] == 0

    database.write(
        "INSERT INTO access.care (source, patient, actor, kind) VALUES (1, %s, %s, 'treatment')",
        (reference_self("Patient", world.other["id"]), doctor),
    )
    assert ids(world.ask(me, "search-type", "Observation")) == [world.unseen["id"]]
    database.write("UPDATE access.care SET ends = now() WHERE actor = %s", (doctor,))
    assert world.ask(me, "search-type", "Observation")["total"] == 0


def test_who_may_search_but_not_read_the_target_type_is_told_so(world):
    def rule(type_: str, right: str) -> Allowed | None:
        return None if type_ == "Patient" else Allowed()

    me = replace(world.me, given_access=Access(rule))
    for query in (("subject:Patient.name", "x"), ("_has:Observation:has-member:subject:Patient.name",
                  "x")):  # fmt: skip
        with pytest.raises(Forbidden, match="Patient"):
            world.ask(me, "search-type", "Observation", query=(query,))
    found = world.ask(me, "search-type", "Observation",
                      query=(("_id", world.seen["id"]), ("_include", "Observation:subject")))  # fmt: skip
    assert ids(found) == [world.seen["id"]]


def test_a_token_constraint_is_part_of_the_rule(world):
    from fhirserver.search.hashing import element

    code = AnyElement((element("code", "s|http://loinc.org|9-9"),))
    allowed = Allowed(code)
    me = replace(world.me, given_access=Access(lambda t, r: allowed))
    with pytest.raises(NotFound):
        world.ask(me, "read", "Observation", id=world.seen["id"])
    changed = world.observation(world.mine, "9-9") | {"id": world.seen["id"]}
    world.ask(SYSTEM, "update", "Observation", id=world.seen["id"], body=changed)

    assert world.ask(me, "read", "Observation", id=world.seen["id"])
    with pytest.raises(NotFound):
        world.ask(me, "vread", "Observation", id=world.seen["id"], version="1")


def test_nobody_writes_themselves_into_a_record_that_they_don_t_see(world):
    """An appointment with a patient makes a care relationship: so may not everybody make one."""
    mine = Allowed(world.owner_of(world.mine))

    def rule(type_: str, right: str) -> Allowed:
        return mine if type_ == "Patient" else Allowed()

    me = replace(world.me, given_access=Access(rule))
    for patient, is_allowed in ((world.mine, True), (world.other, False), ({"id": "no"}, False)):
        task = {
            "resourceType": "Task",
            "status": "requested",
            "intent": "order",
            "for": {"reference": f"Patient/{patient['id']}"},
        }
        if is_allowed:
            world.ask(me, "create", "Task", body=task)
        else:
            with pytest.raises(Forbidden) as caught:
                world.ask(me, "create", "Task", body=task)
            assert caught.value.issues[0].expression == "Task.for.reference"


def test_a_patient_keeps_the_link_to_a_record_that_is_no_longer_seen_and_gets_no_new_one(world):
    third = world.create({"resourceType": "Patient"})

    def linked(*patients: Any) -> Any:
        links = [
            {"other": {"reference": f"Patient/{p['id']}"}, "type": "replaces"} for p in patients
        ]
        return {"resourceType": "Patient", "id": world.mine["id"], "link": links}

    world.ask(SYSTEM, "update", "Patient", id=world.mine["id"], body=linked(world.other))
    mine = Allowed(Ids((world.mine["id"],)))
    me = replace(world.me, given_access=Access(lambda t, r: mine if t == "Patient" else Allowed()))
    kept = linked(world.other) | {"gender": "female"}
    assert world.ask(me, "update", "Patient", id=world.mine["id"], body=kept)["gender"] == "female"
    with pytest.raises(Forbidden):
        world.ask(me, "update", "Patient", id=world.mine["id"], body=linked(world.other, third))
    # Once it is gone, it is a new one.
    world.ask(
        me,
        "update",
        "Patient",
        id=world.mine["id"],
        body={k: v for k, v in kept.items() if k != "link"},
    )
    with pytest.raises(Forbidden):
        world.ask(me, "update", "Patient", id=world.mine["id"], body=linked(world.other))


def test_what_may_be_read_may_not_be_changed_for_that(world):
    mine = Allowed(world.owner_of(world.mine))

    def rule(type_: str, right: str) -> Allowed:
        return Allowed() if right in "rs" or type_ == "Patient" else mine

    me = replace(world.me, given_access=Access(rule))
    patch = [{"op": "replace", "path": "/status", "value": "amended"}]
    changes: list[tuple[str, dict[str, Any]]] = [
        ("update", {"body": world.unseen | {"status": "amended"}}),
        ("patch", {"body": patch, "patch_format": "json-patch"}),
        ("delete", {}),
    ]
    for interaction, rest in changes:
        with pytest.raises(Forbidden):
            world.ask(me, interaction, "Observation", id=world.unseen["id"], **rest)
    with pytest.raises(Forbidden):
        world.ask(me, "delete", "Observation", query=(("_id", world.unseen["id"]),))
    assert world.ask(SYSTEM, "read", "Observation", id=world.unseen["id"]) == world.unseen


def test_an_update_that_would_create_needs_the_right_to_create(world):
    def rule(type_: str, right: str) -> Allowed | None:
        return None if right == "c" else Allowed()

    me = replace(world.me, given_access=Access(rule))
    with pytest.raises(Forbidden):
        world.ask(me, "update", "Observation", query=(("code", "no-such-code"),),
                  body=world.observation(world.mine, "5-5"))  # fmt: skip


def test_what_may_be_written_and_not_read_is_not_shown_again(world):
    everything, mine = Allowed(EVERYTHING), Allowed(world.owner_of(world.mine))
    rules = Access(lambda _, right: everything if right == "c" else mine)
    clerk = Principal("clerk", scopes("user/*.cruds"), given_access=rules)

    def answer(**changes):
        body = world.observation(world.mine, "3-3") | changes
        made = world.engine.handle(FhirRequest("create", clerk, type="Observation", body=body))
        assert made.status == 201
        return made.content or b""

    assert b"valueString" in answer()
    assert b"valueString" not in answer(subject={"display": "somebody"})
