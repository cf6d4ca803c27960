"""Searches on the resource's own values: equality, ranges, order."""

from __future__ import annotations

import json
from typing import Any

from probe import BY_DATE, DATE_BY_KEY, NEWEST, Form, Probe, What, Who, a, fenced, page


def sorted_by_date(probe: Probe) -> dict[str, dict[str, Form]]:
    """Every way to sort by date, for criteria from very selective to hardly selective."""
    heavy, typical = probe.patient(1), probe.patient_with_visits(17)
    frequent, medium, rare = probe.code(0), probe.code(250), probe.code(2000)

    def forms(
        hashes: list[int], content: dict[str, Any], who: Who | None = None
    ) -> dict[str, Form]:
        contains = 'o."values" @> %s::int8[]'
        drive = "observation_date d JOIN observation o ON o.key = d.key"
        made: dict[str, Form] = {
            "A subquery": (
                a(contains, f"ORDER BY {DATE_BY_KEY} DESC NULLS LAST, o.key DESC LIMIT 50"),
                [hashes],
            ),
            "A join": (a(f"d.param = 1 AND {contains}", BY_DATE, drive), [hashes]),
            "A keys first": (
                page(
                    f"SELECT o.key, o.content FROM (SELECT d.key, d.low FROM (SELECT o.key FROM observation o WHERE {contains} OFFSET 0) o"
                    " JOIN observation_date d ON d.key = o.key AND d.param = 1 ORDER BY d.low DESC, d.key DESC LIMIT 50) d"
                    " JOIN observation o ON o.key = d.key ORDER BY d.low DESC, d.key DESC"
                ),
                [hashes],
            ),
        }
        if who:
            made["A owner index"] = (
                a(
                    f"d.param = 1 AND d.owner = %s AND {contains}",
                    "ORDER BY d.low DESC, d.key DESC LIMIT 50",
                    drive,
                ),
                [who.self, hashes],
            )
        tables = "".join(
            f" JOIN observation_eq e{n} ON e{n}.key = d.key AND e{n}.hash = %s"
            for n in range(len(hashes))
        )
        made["B"] = (
            a(
                "d.param = 1",
                BY_DATE,
                f"observation_date d{tables} JOIN observation o ON o.key = d.key",
            ),
            hashes,
        )
        made["C"] = (
            a(
                "o.content @> %s::jsonb",
                "ORDER BY o.content->>'effectiveDateTime' DESC, o.key DESC LIMIT 50",
            ),
            [json.dumps(content)],
        )
        return made

    def both(who: Who, code: What) -> dict[str, Form]:
        return forms([who.subject, code.hash], who.content | code.content, who)

    cast_early = (
        'SELECT o.key, o.content::text FROM observation o WHERE o."values" @> %s::int8[] '
        f"ORDER BY {DATE_BY_KEY} DESC NULLS LAST, o.key DESC LIMIT 50"
    )
    return {
        "typical patient + code, sort date": both(typical, frequent),
        "heavy patient + frequent code, sort date": both(heavy, frequent),
        "heavy patient + medium code, sort date": both(heavy, medium),
        "heavy patient, sort date": forms([heavy.subject], heavy.content, heavy),
        "frequent code, sort date": forms([frequent.hash], frequent.content)
        | {"A subquery, cast before LIMIT": (cast_early, [[frequent.hash]])},
        "medium code, sort date": forms([medium.hash], medium.content)
        | {"A subquery, cast before LIMIT": (cast_early, [[medium.hash]])},
        "rare code, sort date": forms([rare.hash], rare.content),
    }


def newest(probe: Probe) -> dict[str, dict[str, Form]]:
    """Equality only, newest first."""
    frequent, medium, rare = probe.code(0), probe.code(250), probe.code(2000)
    final = probe.hash("Observation.status", "final")
    cancelled = probe.hash("Observation.status", "cancelled")
    laboratory = probe.hash("Observation.category", "laboratory")
    category = {"category": [{"coding": [{"code": "laboratory"}]}]}

    def forms(hashes: list[int], content: dict[str, Any]) -> dict[str, Form]:
        first, *rest = hashes
        joins = "".join(
            f" JOIN observation_eq e{n} ON e{n}.key = e.key AND e{n}.hash = %s"
            for n in range(len(rest))
        )
        return {
            "A": (a('o."values" @> %s::int8[]'), [hashes]),
            "B": (
                a(
                    "e.hash = %s",
                    "ORDER BY e.updated DESC, e.key LIMIT 50",
                    f"observation_eq e{joins} JOIN observation o ON o.key = e.key",
                ),
                [*rest, first],
            ),
            "C": (a("o.content @> %s::jsonb"), [json.dumps(content)]),
        }

    unless: dict[str, Form] = {
        "A": (
            a('o."values" @> %s::int8[] AND NOT o."values" @> %s::int8[]'),
            [[frequent.hash], [final]],
        ),
        "B": (
            a(
                "e.hash = %s AND NOT EXISTS (SELECT FROM observation_eq n WHERE n.key = e.key AND n.hash = %s)",
                "ORDER BY e.updated DESC, e.key LIMIT 50",
                "observation_eq e JOIN observation o ON o.key = e.key",
            ),
            [frequent.hash, final],
        ),
        "C": (
            a("o.content @> %s::jsonb AND NOT o.content @> %s::jsonb"),
            [json.dumps(frequent.content), '{"status":"final"}'],
        ),
    }
    codes = [probe.code(1000 + n) for n in range(100)]
    hashes, jsons = [c.hash for c in codes], [json.dumps(c.content) for c in codes]
    several: dict[str, Form] = {
        "A &&": (a('o."values" && %s::int8[]'), [hashes]),
        "A 100 x @> joined by OR": (
            a(" OR ".join(['o."values" @> %s::int8[]'] * 100)),
            [[h] for h in hashes],
        ),
        "B = ANY": (
            a(
                "o.key = m.key",
                NEWEST,
                "(SELECT DISTINCT e.key, e.updated FROM observation_eq e WHERE e.hash = ANY(%s) ORDER BY e.updated DESC, e.key LIMIT 50) m, observation o",
            ),
            [hashes],
        ),
        "C @> ANY": (a("o.content @> ANY(%s::jsonb[])"), [jsons]),
    }
    heavy = probe.patient(1)
    one_patient = forms([heavy.subject], heavy.content)
    return {
        "heavy patient, newest": one_patient | {"A owner index": (a("o.owner = %s"), [heavy.self])},
        "frequent code, newest": forms([frequent.hash], frequent.content),
        "medium code, newest": forms([medium.hash], medium.content),
        "rare code, newest": forms([rare.hash], rare.content),
        "two unselective tokens (95 % and 60 %)": forms(
            [final, laboratory], {"status": "final"} | category
        ),
        "rare status + frequent category": forms(
            [cancelled, laboratory], {"status": "cancelled"} | category
        ),
        "rare code + rare status (no hit)": forms(
            [rare.hash, cancelled], {"status": "cancelled"} | rare.content
        ),
        "frequent code + status:not=final": unless,
        "any of 100 codes": several,
    }


def ranges(probe: Probe) -> dict[str, dict[str, Form]]:
    frequent, medium = probe.code(0), probe.code(250)
    low, high = (
        int(probe.one("SELECT us(%s::timestamptz)", d)) for d in ("2024-03-01", "2024-04-01")
    )

    bucket = probe.hash("Observation.date-month", "2024-03")

    def month(code: What) -> dict[str, Form]:
        inside = "d.param = 1 AND d.low < %s AND d.low >= %s"
        return {
            "A exists": (
                a(
                    f'o."values" @> %s::int8[] AND EXISTS (SELECT FROM observation_date d WHERE d.key = o.key AND {inside})'
                ),
                [[code.hash], high, low],
            ),
            "A join": (
                a(
                    f'o."values" @> %s::int8[] AND {inside}',
                    NEWEST,
                    "observation_date d JOIN observation o ON o.key = d.key",
                ),
                [[code.hash], high, low],
            ),
            "A fenced": (
                fenced(
                    f'SELECT o.key, o.updated FROM observation_date d JOIN observation o ON o.key = d.key WHERE o."values" @> %s::int8[] AND {inside}'
                ),
                [[code.hash], high, low],
            ),
            "A month bucket": (
                a(
                    f'o."values" @> %s::int8[] AND EXISTS (SELECT FROM observation_date d WHERE d.key = o.key AND {inside})'
                ),
                [[code.hash, bucket], high, low],
            ),
            "B": (
                a(
                    f"e.hash = %s AND {inside}",
                    "ORDER BY e.updated DESC, e.key LIMIT 50",
                    "observation_eq e JOIN observation_date d ON d.key = e.key JOIN observation o ON o.key = e.key",
                ),
                [code.hash, high, low],
            ),
            "C": (
                a(
                    "o.content @> %s::jsonb AND o.content->>'effectiveDateTime' < %s AND o.content->>'effectiveDateTime' >= %s"
                ),
                [json.dumps(code.content), "2024-04-01", "2024-03-01"],
            ),
        }

    value = 89.0
    greater: dict[str, Form] = {
        "A exists": (
            a(
                'o."values" @> %s::int8[] AND EXISTS (SELECT FROM observation_quantity q WHERE q.key = o.key AND q.param = 1 AND q.token = 0 AND q.low > %s)'
            ),
            [[frequent.hash], value],
        ),
        "A composite row": (
            a(
                "q.param = 2 AND q.token = %s AND q.low > %s",
                NEWEST,
                "observation_quantity q JOIN observation o ON o.key = q.key",
            ),
            [frequent.token, value],
        ),
        "A composite row, fenced": (
            fenced(
                "SELECT o.key, o.updated FROM observation_quantity q JOIN observation o ON o.key = q.key"
                " WHERE q.param = 2 AND q.token = %s AND q.low > %s"
            ),
            [frequent.token, value],
        ),
        "B": (
            a(
                "e.hash = %s AND EXISTS (SELECT FROM observation_quantity q WHERE q.key = e.key AND q.param = 1 AND q.token = 0 AND q.low > %s)",
                "ORDER BY e.updated DESC, e.key LIMIT 50",
                "observation_eq e JOIN observation o ON o.key = e.key",
            ),
            [frequent.hash, value],
        ),
        "C": (
            a(
                "o.content @> %s::jsonb AND (o.content#>>'{valueQuantity,value}')::numeric > %s::numeric"
            ),
            [json.dumps(frequent.content), str(value)],
        ),
    }
    return {
        "frequent code + month": month(frequent),
        "medium code + month": month(medium),
        "frequent code + value > x": greater,
    }


def identifiers(probe: Probe) -> dict[str, dict[str, Form]]:
    system = "urn:oid:2.16.840.1.113883.4.99"

    def forms(value: str) -> dict[str, Form]:
        hashed = probe.hash("Encounter.identifier", f"{system}|{value}")
        content = {"identifier": [{"system": system, "value": value}]}
        return {
            "A": (a('o."values" @> %s::int8[]', NEWEST, "encounter o"), [[hashed]]),
            "B": (
                a("e.hash = %s", NEWEST, "encounter_eq e JOIN encounter o ON o.key = e.key"),
                [hashed],
            ),
            "C": (a("o.content @> %s::jsonb", NEWEST, "encounter o"), [json.dumps(content)]),
        }

    return {
        "identifier lookup": forms(f"V{probe.sizes.of('encounter') // 3}"),
        "identifier miss": forms("V-none"),
    }
