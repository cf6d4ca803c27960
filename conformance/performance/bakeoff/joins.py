"""Searches that cross resources (chain, _has, _include), deep pages and counts."""

from __future__ import annotations

import json
from typing import Any

from probe import NEWEST, Form, Probe, What, a, fenced


def chains(probe: Probe) -> dict[str, dict[str, Form]]:
    """Observation?patient.X: from one patient to half of all patients."""
    system = "urn:oid:2.16.840.1.113883.4.1"
    typical = probe.patient_with_visits(17)
    number = probe.one("SELECT p FROM visit WHERE pid = %s LIMIT 1", typical.id)
    mrn = probe.hash("Patient.identifier", f"{system}|M{number}")
    female = probe.hash("Patient.gender", "female")
    days = round(33000 * min(1.0, 2000 / probe.sizes.of("patient")))
    low = int(probe.one("SELECT us('1980-01-01')"))
    high = low + days * 86_400_000_000
    salt = probe.salt("Observation.patient")
    born = "EXISTS (SELECT FROM patient_date b WHERE b.key = p.key AND b.param = 1 AND b.low >= %s AND b.low < %s)"

    def forms(in_a: Form, in_b: Form, in_c: Form) -> dict[str, Form]:
        """The three ways to say which patients."""
        (a_where, a_values), (b_where, b_values), (c_where, c_values) = in_a, in_b, in_c
        return {
            "A && ARRAY(subquery)": (
                a(f'o."values" && ARRAY(SELECT p.self # %s FROM patient p WHERE {a_where})'),
                [salt, *a_values],
            ),
            "A join": (
                a(
                    "true",
                    NEWEST,
                    f'(SELECT p.self FROM patient p WHERE {a_where} OFFSET 0) p JOIN observation o ON o."values" @> ARRAY[p.self # %s]',
                ),
                [*a_values, salt],
            ),
            "A join, fenced": (
                fenced(
                    f'SELECT o.key, o.updated FROM patient p JOIN observation o ON o."values" @> ARRAY[p.self # %s] WHERE {a_where}'
                ),
                [salt, *a_values],
            ),
            "A unnest, from newest": (
                a(
                    f'EXISTS (SELECT FROM unnest(o."values") v JOIN patient p ON p.self = v # %s WHERE {a_where})'
                ),
                [salt, *a_values],
            ),
            "A owner in": (
                a(f"o.owner IN (SELECT p.self FROM patient p WHERE {a_where})"),
                a_values,
            ),
            "B": (
                a(
                    b_where,
                    "ORDER BY e.updated DESC, e.key LIMIT 50",
                    "patient p JOIN observation_eq e ON e.hash = p.self # %s JOIN observation o ON o.key = e.key",
                ),
                [salt, *b_values],
            ),
            "C": (
                a(
                    "true",
                    NEWEST,
                    f"(SELECT p.id FROM patient p WHERE {c_where} OFFSET 0) p JOIN observation o"
                    " ON o.content @> jsonb_build_object('subject', jsonb_build_object('reference', 'Patient/' || p.id))",
                ),
                c_values,
            ),
        }

    def two_steps(where: str, values: list[Any]) -> Form:
        """What a second round trip would run: the matching hashes as constants."""
        found = [
            row[0]
            for row in probe.db.execute(
                f"SELECT p.self # {salt} FROM patient p WHERE {where}", values
            )
        ]
        return a('o."values" && %s::int8[]'), [found]

    has = 'p."values" @> %s::int8[]'
    eq = "EXISTS (SELECT FROM patient_eq x WHERE x.key = p.key AND x.hash = %s)"
    holds = "p.content @> %s::jsonb"
    identifier = json.dumps({"identifier": [{"system": system, "value": f"M{number}"}]})
    c_born = "p.content->>'birthDate' >= '1980-01-01' AND p.content->>'birthDate' < ('1980-01-01'::date + %s)::text"
    return {
        "chain by patient identifier": forms((has, [[mrn]]), (eq, [mrn]), (holds, [identifier]))
        | {"A two statements": two_steps(has, [[mrn]])},
        "chain, 1,000 patients": forms(
            (f"{has} AND {born}", [[female], low, high]),
            (f"{eq} AND {born}", [female, low, high]),
            (f"{holds} AND {c_born}", ['{"gender":"female"}', days]),
        )
        | {"A two statements": two_steps(f"{has} AND {born}", [[female], low, high])},
        "chain, half of all patients": forms(
            (has, [[female]]), (eq, [female]), (holds, ['{"gender":"female"}'])
        ),
    }


def has(probe: Probe) -> dict[str, dict[str, Form]]:
    """Patient?_has:Observation:patient:code=X."""
    salt = probe.salt("Observation.patient")

    def forms(code: What) -> dict[str, Form]:
        of = 'FROM observation r WHERE r."values" @> %s::int8[]'
        return {
            "A in unnest": (
                a(f'o.self IN (SELECT unnest(r."values") # %s {of})', NEWEST, "patient o"),
                [salt, [code.hash]],
            ),
            "A exists @>": (
                a(
                    'EXISTS (SELECT FROM observation r WHERE r."values" @> ARRAY[%s, o.self # %s])',
                    NEWEST,
                    "patient o",
                ),
                [code.hash, salt],
            ),
            "A in owner": (
                a(f"o.self IN (SELECT r.owner {of})", NEWEST, "patient o"),
                [[code.hash]],
            ),
            "B": (
                a(
                    "EXISTS (SELECT FROM observation_eq c JOIN observation_eq r ON r.key = c.key WHERE c.hash = %s AND r.hash = o.self # %s)",
                    NEWEST,
                    "patient o",
                ),
                [code.hash, salt],
            ),
            "C": (
                a(
                    "o.id IN (SELECT substr(r.content#>>'{subject,reference}', 9) FROM observation r WHERE r.content @> %s::jsonb)",
                    NEWEST,
                    "patient o",
                ),
                [json.dumps(code.content)],
            ),
        }

    return {
        "_has rare code": forms(probe.code(2000)),
        "_has medium code": forms(probe.code(250)),
        "_has frequent code": forms(probe.code(0)),
    }


def others(probe: Probe) -> dict[str, dict[str, Form]]:
    frequent, typical = probe.code(0), probe.patient_with_visits(17)
    final = probe.hash("Observation.status", "final")
    salt = probe.salt("Observation.encounter")
    matches = 'SELECT o.key, o.content, o."values" FROM observation o WHERE o."values" @> %s::int8[] ORDER BY o.updated DESC, o.key LIMIT 50'

    def include(target: str) -> str:
        return f"WITH m AS MATERIALIZED ({matches}) SELECT key, content::text FROM m UNION ALL SELECT e.key, e.content::text FROM encounter e WHERE {target}"

    updated, key = None, None
    for row in probe.db.execute(
        f'SELECT o.updated, o.key FROM observation o WHERE o."values" @> %s::int8[] ORDER BY o.updated DESC, o.key OFFSET {min(4999, probe.sizes.of("observation") // 20)} LIMIT 1',
        [[frequent.hash]],
    ):
        updated, key = row
    after = "o.updated <= %s AND (o.updated < %s OR o.key > %s)"
    deep = [updated, updated, key]
    return {
        "default page": {"A": (a("true"), []), "C": (a("true"), [])},
        "default page, 100 pages deep": {
            "A": (a(after), deep),
            "A OFFSET 5000": (a("true", NEWEST + " OFFSET 5000"), []),
        },
        "frequent code, 100 pages deep": {
            "A": (a(f'o."values" @> %s::int8[] AND {after}'), [[frequent.hash], *deep]),
            "B": (
                a(
                    "e.hash = %s AND e.updated <= %s AND (e.updated < %s OR e.key > %s)",
                    "ORDER BY e.updated DESC, e.key LIMIT 50",
                    "observation_eq e JOIN observation o ON o.key = e.key",
                ),
                [frequent.hash, *deep],
            ),
            "C": (a(f"o.content @> %s::jsonb AND {after}"), [json.dumps(frequent.content), *deep]),
        },
        "include encounter (patient + code)": {
            "A unnest": (
                include('e.self IN (SELECT v # %s FROM m, unnest(m."values") v)'),
                [[typical.subject, frequent.hash], salt],
            ),
            "A content path": (
                include("e.id IN (SELECT substr(m.content#>>'{encounter,reference}', 11) FROM m)"),
                [[typical.subject, frequent.hash]],
            ),
        },
        "count of frequent code": {
            "A count": (
                'SELECT count(*) FROM observation WHERE "values" @> %s::int8[]',
                [[frequent.hash]],
            ),
            "A count up to 1,001": (
                'SELECT count(*) FROM (SELECT FROM observation WHERE "values" @> %s::int8[] LIMIT 1001) x',
                [[frequent.hash]],
            ),
            "B count": ("SELECT count(*) FROM observation_eq WHERE hash = %s", [frequent.hash]),
            "C count": (
                "SELECT count(*) FROM observation WHERE content @> %s::jsonb",
                [json.dumps(frequent.content)],
            ),
        },
        "count of frequent code + final": {
            "A count": (
                'SELECT count(*) FROM observation WHERE "values" @> %s::int8[]',
                [[frequent.hash, final]],
            ),
            "B count": (
                "SELECT count(*) FROM observation_eq a JOIN observation_eq b ON b.key = a.key WHERE a.hash = %s AND b.hash = %s",
                [frequent.hash, final],
            ),
            "C count": (
                "SELECT count(*) FROM observation WHERE content @> %s::jsonb",
                [json.dumps({"status": "final"} | frequent.content)],
            ),
        },
    }
