"""Rules hold for old versions and for what was deleted, and know rows that are nobody's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from fhirserver import ids
from fhirserver.access.access import Access, Allowed
from fhirserver.access.principal import Principal, Scope
from fhirserver.engine import Engine
from fhirserver.search.hashing import element, reference_self
from fhirserver.search.query import And, AnyElement, Condition, Ids, Not, Or, OwnedBy, Selves
from tests.builders import an_observation
from tests.security.noninterference.asking import Answer, Question, ask
from tests.security.noninterference.worlds import WHOLE, engine_on

AMENDED = AnyElement((element("status", "c|amended"),))


@pytest.fixture(scope="module")
def engine(database_url: str) -> Iterator[Engine]:
    with engine_on(database_url) as made:
        yield made


def with_rule(condition: Condition) -> Principal:
    scopes = (Scope("user", "*", frozenset("cruds")),)
    return Principal("somebody", scopes, given_access=Access(lambda t, r: Allowed(condition)))


def stored(engine: Engine, *versions: dict) -> str:
    """The id of an Observation that has had these versions."""
    id_ = ids.new()
    for version in versions:
        body = {**version, "id": id_}
        assert asked(engine, WHOLE, "PUT", f"Observation/{id_}", body).status < 300
    return id_


def asked(engine: Engine, who: Principal, method: str, path: str, body=None) -> Answer:
    question = Question(method, path, (("_count", "1"),) if "?" in path else (), body)
    return ask(engine, who, replace(question, path=path.partition("?")[0]), 0)


def test_rules_by_id_hold_for_old_versions(engine: Engine) -> None:
    first, second = an_observation(status="preliminary"), an_observation()
    id_, other = stored(engine, first, second), stored(engine, first, second)
    named = Or((Ids((id_,)), Selves((reference_self("Observation", id_),))))

    for who in (with_rule(named), with_rule(Selves((reference_self("Observation", id_),)))):
        assert asked(engine, who, "GET", f"Observation/{id_}/_history/1").status == 200
        assert asked(engine, who, "GET", f"Observation/{other}/_history/1").status == 404
        history = asked(engine, who, "GET", "Observation/_history").content
        assert id_ in history
        assert other not in history


def test_who_may_not_see_a_resource_does_not_see_that_it_was_deleted(engine: Engine) -> None:
    id_ = stored(engine, an_observation(status="amended"))
    assert asked(engine, WHOLE, "DELETE", f"Observation/{id_}").status == 204
    denied, permitted = with_rule(Not(AMENDED)), with_rule(AMENDED)

    assert asked(engine, WHOLE, "GET", f"Observation/{id_}").status == 410
    assert asked(engine, permitted, "GET", f"Observation/{id_}").status == 410
    assert asked(engine, denied, "GET", f"Observation/{id_}").status == 404
    assert id_ not in asked(engine, denied, "GET", "Observation/_history").content


def test_what_is_nobodys_is_not_somebodys(engine: Engine) -> None:
    id_ = stored(engine, an_observation())
    others = with_rule(And((Not(OwnedBy(reference_self("Patient", "b"))),)))

    assert asked(engine, others, "GET", f"Observation/{id_}").status == 200
