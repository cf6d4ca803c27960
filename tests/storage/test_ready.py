"""Statements by keys whose values are made ready for the wire once."""

from __future__ import annotations

import struct

import psycopg
import pytest

from fhirserver.storage import past_psycopg
from fhirserver.storage.ready import as_int, as_text, as_time, int8, ready

SQL = (
    "SELECT %(key)s::int8, %(a)s::int8[], %(b)s::text[], %(c)s::text, %(d)s::int8, %(e)s::int4, "
    "%(a)s::int8[], to_timestamp(0) - interval '1 microsecond', NULL::text, -1::int4"
)
VALUES = {"a": "{3,-1}", "b": ["x", 'y"z'], "c": "tür", "d": -7, "e": 5}


def statement(sql="SELECT %(key)s::int8", keys=("key",), values=None):
    made = ready(sql, keys, values or {})
    assert made is not None
    return made


def test_every_kind_of_value_arrives_as_psycopg_would_send_it(database):
    made = statement(SQL, values=VALUES)

    [row] = database.ready(made, (int8(-(2**63)),))

    [plain] = database.point(SQL, {"key": -(2**63), **VALUES})
    assert as_int(row[0]) == plain[0]
    assert numbers(row[1]) == numbers(row[6]) == plain[1]
    assert texts(row[2]) == plain[2]
    assert as_text(row[3]) == plain[3]
    assert [as_int(row[4]), as_int(row[5]), as_int(row[9])] == [plain[4], plain[5], plain[9]]
    assert as_time(row[7]) == plain[7]
    assert row[8] is plain[8] is None


def members(value):
    dimensions, _, _ = struct.unpack_from(">iii", value)
    count = struct.unpack_from(">i", value, 12)[0] if dimensions else 0
    at, found = 20, []
    for _ in range(count):
        size = struct.unpack_from(">i", value, at)[0]
        found.append(value[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def numbers(value):
    return [as_int(m) for m in members(value)]


def texts(value):
    return [as_text(m) for m in members(value)]


def test_an_empty_array_arrives_empty(database):
    made = statement("SELECT cardinality(%(a)s::int8[]), cardinality(%(b)s::text[])", (),
                     {"a": "{}", "b": []})  # fmt: skip

    assert [as_int(v) for v in database.ready(made, ())[0]] == [0, 0]


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        ("SELECT %(a)s", {"a": "without a type"}),
        ("SELECT %(a)s::numeric", {"a": 1}),
        ("SELECT %(a)s::int8", {"a": "1"}),
        ("SELECT %(a)s::text[]", {"a": ["x", None]}),
        ("SELECT '%%' || %(a)s::text", {"a": "x"}),
        ("SELECT %(a)s::text || %(a)s::text[]", {"a": "x"}),
    ],
)
def test_what_has_no_known_form_is_left_to_psycopg(sql, values):
    assert ready(sql, (), values) is None


def test_a_value_keeps_what_could_be_taken_for_sql(database):
    made = statement("SELECT %(a)s::text", (), {"a": "'; SELECT $1 --"})

    assert as_text(database.ready(made, ())[0][0]) == "'; SELECT $1 --"


def test_inside_a_transaction_it_is_asked_the_other_way(database):
    with database.transaction():
        assert database.ready(statement(), (int8(1),)) is None
    assert database.ready(statement(), (int8(1),)) == [(int8(1),)]


def test_it_is_prepared_again_when_a_rollback_has_dropped_it(database):
    made = statement()
    database.ready(made, (int8(1),))
    database.connection("write").execute("DEALLOCATE ALL")

    assert database.ready(made, (int8(2),)) is None
    assert database.ready(made, (int8(3),)) == [(int8(3),)]


def test_it_is_prepared_again_on_a_new_connection(database):
    made = statement()
    database.ready(made, (int8(1),))
    pid = database.connection("write").info.backend_pid
    database.connection("read").execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

    assert database.ready(made, (int8(2),)) is None  # Who asks goes on with `point`.
    assert database.point("SELECT 2", ()) == [(2,)]
    assert database.ready(made, (int8(3),)) == [(int8(3),)]


def test_a_statement_that_fails_is_left_to_psycopg_to_say_why(database):
    made = statement("SELECT 1 / %(key)s::int8")

    assert database.ready(made, (int8(0),)) is None
    assert database.ready(made, (int8(1),)) == [(int8(1),)]


def test_no_more_statements_stay_prepared_than_memory_allows(database, monkeypatch):
    monkeypatch.setattr(past_psycopg, "_MOST_NAMED", 3)
    database.connection("write").execute("DEALLOCATE ALL")
    made = [statement(f"SELECT {n}, %(key)s::int8") for n in range(5)]
    for one in made:
        database.ready(one, (int8(1),))  # which may have been dropped just now
        assert as_int(database.ready(one, (int8(1),))[0][1]) == 1

    rows = database.connection("write").execute(
        "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'past_%'"
    )

    assert rows.fetchone() == (3,)
    assert as_int(database.ready(made[0], (int8(9),))[0][1]) == 9


def test_a_read_goes_on_when_its_connections_were_cut(own_app, own_client):
    made = own_client.post("/fhir/Basic", json={"resourceType": "Basic", "code": {"text": "x"}})
    where = f"/fhir/Basic/{made.json['id']}"
    assert own_client.get(where).status_code == 200
    database = own_app.extensions["fhirserver"].context.store.database
    pids = [database.connection(r).info.backend_pid for r in ("read", "write")]
    with psycopg.connect(database.url, autocommit=True) as other:
        for pid in pids:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

    answer = own_client.get(where)

    assert (answer.status_code, answer.json) == (200, made.json)


def test_a_read_shows_what_was_written_and_deleted_since(own_client):
    made = own_client.post("/fhir/Basic", json={"resourceType": "Basic", "code": {"text": "x"}})
    where = f"/fhir/Basic/{made.json['id']}"
    assert own_client.get(where).json["code"] == {"text": "x"}

    changed = {**made.json, "code": {"text": "y"}}
    assert own_client.put(where, json=changed).status_code == 200
    assert own_client.get(where).json["code"] == {"text": "y"}
    assert own_client.delete(where).status_code == 204
    assert own_client.get(where).status_code == 410
