"""Large code systems in their tables, as the terminology engine sees them.

https://hl7.org/fhir/R4/codesystem.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from fhirserver.model import canonicals, json
from fhirserver.model.resource import Resource
from fhirserver.storage.concept_filters import filtered, selected
from fhirserver.storage.database import Database
from fhirserver.storage.guard import WHOLE
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.terminology.content import (
    CodeSystem,
    Concept,
    Designation,
    Filter,
    Property,
    Selection,
)

_COLUMNS: Final = (
    "c.code, c.display, c.definition, c.is_inactive, c.is_abstract, c.designations::text, "
    "c.properties::text, c.number"
)
_AT_ONCE: Final = 2_000
"""Concepts that one statement fetches."""


class StoredDictionaries:
    """A terminology.content.Dictionaries over the tables of schema `terminology`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def code_system(self, url: str, version: str | None) -> CodeSystem | None:
        """The code system, in its newest version where none is given."""
        rows = self._database.read(
            "SELECT id, about::text, concepts, is_hierarchical FROM terminology.code_system "
            "WHERE url = %s",
            (url,),
        )
        found = [
            StoredCodeSystem(self._database, row[0], json.parse_object(row[1].encode()), row[2],
                             is_hierarchical=row[3])
            for row in rows
        ]  # fmt: skip
        if version is not None:
            found = [s for s in found if s.version == version]
        return max(found, key=lambda s: canonicals.age(s.version), default=None)

    def versions(self, url: str) -> Sequence[str]:
        rows = self._database.read(
            "SELECT version FROM terminology.code_system WHERE url = %s", (url,)
        )
        return [row[0] for row in rows]

    def urls(self) -> Sequence[str]:
        """The urls of all of them."""
        rows = self._database.read("SELECT DISTINCT url FROM terminology.code_system ORDER BY url")
        return [row[0] for row in rows]


class StoredCodeSystem:
    """A terminology.content.CodeSystem in tables."""

    def __init__(
        self,
        database: Database,
        system: int,
        about: Resource,
        concepts: int,
        *,
        is_hierarchical: bool,
    ) -> None:
        self._database = database
        self._system = system
        self._concepts = concepts
        self.about = about
        self.url: str = about["url"]
        self.version: str | None = about.get("version")
        self.is_case_sensitive: bool = about.get("caseSensitive", True)
        self.language: str | None = about.get("language")
        self.is_hierarchical = is_hierarchical

    def __len__(self) -> int:
        return self._concepts

    def concept(self, code: str) -> Concept | None:
        column, wanted = (
            ("c.code", code) if self.is_case_sensitive else ("lower(c.code)", code.lower())
        )
        rows = self._read(f"SELECT {_COLUMNS} FROM terminology.concept c "
                          f"WHERE c.system = %(s)s AND {column} = %(code)s LIMIT 1",
                          code=wanted)  # fmt: skip
        return _concept(rows[0]) if rows else None

    def parents(self, code: str) -> Sequence[str]:
        return self._related(code, "child", "parent")

    def children(self, code: str) -> Sequence[str]:
        return self._related(code, "parent", "child")

    def is_descendant(self, code: str, ancestor: str) -> bool:
        rows = self._read(
            "SELECT EXISTS (SELECT FROM terminology.closure x "
            "JOIN terminology.concept a ON a.system = x.system AND a.number = x.ancestor "
            "JOIN terminology.concept d ON d.system = x.system AND d.number = x.descendant "
            "WHERE x.system = %(s)s AND a.system = %(s)s AND d.system = %(s)s "
            "AND a.code = %(ancestor)s AND d.code = %(code)s)",
            ancestor=ancestor,
            code=code,
        )
        return bool(rows[0][0])

    def matches(self, concept: Concept, filters: Sequence[Filter]) -> bool:
        build = Builder(WHOLE.reading)
        system = build.bind(self._system, "int4")
        conditions = [filtered(build, system, f) for f in filters]
        code = build.bind(concept.code, "text")
        where = " AND ".join([f"c.system = {system}", f"c.code = {code}", *conditions])
        rows = self._database.read(
            f"SELECT EXISTS (SELECT FROM terminology.concept c WHERE {where})",
            build.parameters,
            prepare=False,
        )
        return bool(rows[0][0])

    def select(
        self, selection: Selection, *, offset: int = 0, limit: int | None = None
    ) -> Iterable[Concept]:
        found = self._selected(selection, offset, limit)
        return found if limit is None else islice(found, limit)

    def count(self, selection: Selection) -> int | None:
        if selection == Selection():
            return self._concepts
        build = Builder(WHOLE.reading)
        where = selected(build, selection, build.bind(self._system, "int4"))
        rows = self._database.read(
            f"SELECT count(*) FROM terminology.concept c WHERE {where}",
            build.parameters,
            prepare=False,
        )
        return int(rows[0][0])

    def _selected(self, selection: Selection, offset: int, limit: int | None) -> Iterator[Concept]:
        """Statement by statement, each after the last number of the one before."""
        at_once = _AT_ONCE if limit is None else min(limit, _AT_ONCE)
        last, skipped = -1, offset
        while at_once:
            build = Builder(WHOLE.reading)
            where = selected(build, selection, build.bind(self._system, "int4"))
            rows = self._database.read(
                f"SELECT {_COLUMNS} FROM terminology.concept c WHERE {where} "
                f"AND c.number > {build.bind(last, 'int4')} ORDER BY c.number "
                f"OFFSET {build.bind(skipped, 'int4')} LIMIT {build.bind(at_once, 'int4')}",
                build.parameters,
                prepare=False,
            )
            yield from map(_concept, rows)
            if len(rows) < at_once:
                return
            last, skipped = rows[-1][7], 0

    def _related(self, code: str, own: str, other: str) -> list[str]:
        rows = self._read(
            "SELECT k.code FROM terminology.concept c "
            f"JOIN terminology.parent x ON x.system = c.system AND x.{own} = c.number "
            f"JOIN terminology.concept k ON k.system = x.system AND k.number = x.{other} "
            "WHERE c.system = %(s)s AND k.system = %(s)s AND c.code = %(code)s ORDER BY k.number",
            code=code,
        )
        return [row[0] for row in rows]

    def _read(self, sql: str, **parameters: Any) -> Sequence[Sequence[Any]]:
        return self._database.read(sql, {"s": self._system, **parameters})


def _concept(row: Sequence[Any]) -> Concept:
    code, display, definition, is_inactive, is_abstract, designations, properties, _ = row
    return Concept(
        code=code,
        display=display,
        definition=definition,
        designations=tuple(Designation(*d) for d in _list(designations)),
        properties=tuple(Property(*p) for p in _list(properties)),
        is_inactive=is_inactive,
        is_abstract=is_abstract,
        status="inactive" if is_inactive else None,
    )


def _list(text: str | None) -> Sequence[Any]:
    if text is None:
        return ()
    found = json.parse(text.encode())
    return found if isinstance(found, list) else ()
