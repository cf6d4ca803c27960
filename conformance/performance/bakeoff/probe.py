"""What the searches ask for, and the few pieces of SQL they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from generate import Sizes

Form = tuple[str, Sequence[Any]]

DATE_BY_KEY = "(SELECT max(d.low) FROM observation_date d WHERE d.key = o.key AND d.param = 1)"
NEWEST = "ORDER BY o.updated DESC, o.key LIMIT 50"
BY_DATE = "ORDER BY d.low DESC, d.high DESC, d.key DESC LIMIT 50"


@dataclass(frozen=True, slots=True)
class Who:
    """A patient and the hashes by which an Observation names him."""

    id: str
    self: int
    subject: int

    @property
    def content(self) -> dict[str, Any]:
        return {"subject": {"reference": f"Patient/{self.id}"}}


@dataclass(frozen=True, slots=True)
class What:
    """A code: its hash as Observation.code, the content that has it, and the hash of system|code."""

    hash: int
    content: dict[str, Any]
    token: int


class Probe:
    """Looks up the values the searches ask for."""

    def __init__(self, db: psycopg.Connection[Any], sizes: Sizes) -> None:
        self.db = db
        self.sizes = sizes

    def one(self, sql: str, *parameters: Any) -> Any:
        row = self.db.execute(sql, parameters).fetchone()
        assert row is not None
        return row[0]

    def hash(self, parameter: str, text: str) -> int:
        return int(self.one("SELECT h(%s) # h(%s)", text, parameter))

    def salt(self, parameter: str) -> int:
        return int(self.one("SELECT h(%s)", parameter))

    def patient(self, number: int) -> Who:
        patient = self.one("SELECT fid('Patient', %s::int8)", number)
        reference = f"Patient/{patient}"
        subject = self.hash("Observation.patient", reference)
        return Who(patient, self.one("SELECT h(%s)", reference), subject)

    def patient_with_visits(self, visits: int) -> Who:
        return self.patient(
            self.one(
                "SELECT p FROM visit GROUP BY p ORDER BY abs(count(*) - %s), p LIMIT 1", visits
            )
        )

    def code(self, number: int) -> What:
        code = self.one("SELECT code FROM code WHERE n = %s", number)
        token = f"http://loinc.org|{code}"
        content = {"code": {"coding": [{"system": "http://loinc.org", "code": code}]}}
        return What(self.hash("Observation.code", token), content, self.one("SELECT h(%s)", token))


def page(inner: str) -> str:
    return f"SELECT key, content::text FROM ({inner}) page"


def a(where: str, order: str = NEWEST, tables: str = "observation o") -> str:
    return page(f"SELECT o.key, o.content FROM {tables} WHERE {where} {order}")


def split(sql: str) -> str:
    """The same search when what is searched lies in a table of its own and the content is fetched by key."""
    sql = sql.replace("observation r", "observation_index r").replace(
        "FROM observation WHERE", "FROM observation_index WHERE"
    )
    if not sql.startswith("SELECT key, content") or " observation o" not in sql:
        return sql
    searched = sql.replace("SELECT o.key, o.content", "SELECT o.key").replace(
        " observation o", " observation_index o"
    )
    searched = searched.removeprefix("SELECT key, content::text FROM (").removesuffix(") page")
    return f"SELECT c.key, c.content::text FROM ({searched}) page JOIN observation c ON c.key = page.key"


def fenced(matches: str, table: str = "observation") -> str:
    """Find all matches first (OFFSET 0 hides the LIMIT from the planner), then order them and fetch 50."""
    return page(
        f"SELECT o.key, o.content FROM (SELECT key FROM ({matches} OFFSET 0) m ORDER BY updated DESC, key LIMIT 50) m"
        f" JOIN {table} o ON o.key = m.key ORDER BY o.updated DESC, o.key"
    )
