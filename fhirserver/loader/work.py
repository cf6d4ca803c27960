"""A worker's work: a piece becomes resources in the database, and a result."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import IO, Final

from fhirserver.engine import Engine
from fhirserver.errors import FhirError, Unavailable
from fhirserver.interactions.context import Context
from fhirserver.interactions.independent import GROUP
from fhirserver.interactions.intents import Done
from fhirserver.loader import storing
from fhirserver.loader.compression import BROKEN, Unreadable, document, unpacked, why_broken
from fhirserver.loader.contents import Wish, entries, single, transaction
from fhirserver.loader.pieces import Fate, PassedOver, Piece, Refused, Result, Source
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.storage.database import in_bulk

_FATE: Final[dict[int, Fate]] = {201: "created", 200: "updated", 204: "deleted"}
_ENTRY: Final = re.compile(r"Bundle\.entry\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Options:
    """`is_again` loads also what is on record; with `is_last` nothing is put off untried."""

    is_again: bool = False
    is_last: bool = False


def load(engine: Engine, piece: Piece, options: Options) -> Result:
    """Load a piece, one source after the other; raises Unavailable when the database stays away."""
    work = _Work(engine.own_context, piece, options)
    with in_bulk():
        for number in range(len(piece.sources)):
            work.load(number)
        work.flush()
    work.result.deferred = [
        replace(piece.sources[n], only=frozenset(left)) for n, left in sorted(work.waiting.items())
    ]
    return work.result


@dataclass(slots=True)
class _Work:
    """A piece on its way.

    `pending` are resources by themselves, which are stored many at a time; `waiting` says of each
    source what may succeed later.
    """

    ctx: Context
    piece: Piece
    options: Options
    result: Result = field(default_factory=Result)
    pending: list[Wish] = field(default_factory=list)
    waiting: dict[int, set[int]] = field(default_factory=dict)

    def load(self, source: int) -> None:
        """Take in a source; what it holds is stored at the latest with `flush`."""
        try:
            data = _text(self.piece.sources[source])
        except (*BROKEN, Unreadable) as error:
            self._refuse(source, why_broken(error))
            return
        if self.piece.sources[source].form == "lines":
            self._lines(source, data)
        else:
            self._document(source, data)

    def flush(self) -> None:
        """Store what is pending."""
        wishes, self.pending = self.pending, []
        self._each(wishes)

    def _lines(self, source: int, data: bytes) -> None:
        first = self.piece.sources[source].first_line
        for number, line in enumerate(data.split(b"\n"), first):
            text = line.strip()
            if text and self._is_wanted(source, number):
                try:
                    body = json.parse_object(text)
                except FhirError as error:
                    self._refuse_for(source, error, line=number)
                else:
                    self._single(source, body, sha256(text).digest(), number)

    def _document(self, source: int, data: bytes) -> None:
        digest = sha256(data).digest()
        if not self.options.is_again and self.piece.sources[source].only is None:
            before = storing.is_finished(self.ctx.store.database, digest)
            if before is not None:
                self.result.before += before
                return
        try:
            body = json.parse(data)
        except FhirError as error:
            self._refuse_for(source, error)
            return
        if not isinstance(body, dict) or "resourceType" not in body:
            self._foreign(source)
        elif body["resourceType"] != "Bundle":
            self._single(source, body, digest, 0)
        else:
            self.flush()
            store = self._transaction if body.get("type") == "transaction" else self._bundle
            store(source, body, digest)

    def _single(self, source: int, body: Resource, digest: bytes, number: int) -> None:
        self.pending.append(replace(single(body, digest, number), source=source))
        if len(self.pending) >= GROUP:
            self.flush()

    def _foreign(self, source: int) -> None:
        why = "it is not a FHIR resource: it has no resourceType"
        if self.piece.sources[source].is_asked_for:
            self._refuse(source, why)
        else:
            self.result.passed_over.append(PassedOver(self.piece.sources[source].name, why))

    def _transaction(self, source: int, body: Resource, digest: bytes) -> None:
        try:
            intents = transaction(self.ctx, body)
            stored = storing.store_whole(self.ctx, intents, digest, is_again=self.options.is_again)
        except Unavailable:
            raise
        except FhirError as error:
            refused = _refused(self.piece.sources[source], error, resources=_size(body))
            self._not_now(source, 0, error, refused)
        else:
            self.result.before += len(intents) if stored is None else 0
            for done in stored or ():
                self._count(done)

    def _bundle(self, source: int, body: Resource, digest: bytes) -> None:
        """A Bundle that isn't all or nothing; it is on record itself when nothing is left of it."""
        refused = len(self.result.refused)
        try:
            wishes = entries(self.ctx, body, digest)
        except FhirError as error:
            self._refuse_for(source, error, resources=_size(body))
            return
        self._each([replace(w, source=source) for w in wishes if self._is_wanted(source, w.number)])
        is_whole = self.piece.sources[source].only is None and source not in self.waiting
        if is_whole and len(self.result.refused) == refused:
            storing.finish(self.ctx.store.database, digest, len(wishes))

    def _each(self, wishes: Sequence[Wish]) -> None:
        for wish, outcome in storing.store_each(
            self.ctx, wishes, is_again=self.options.is_again, is_last=self.options.is_last
        ):
            source = self.piece.sources[wish.source]
            if isinstance(outcome, Done):
                self._count(outcome)
            elif outcome == "before":
                self.result.before += 1
            elif outcome == "later":
                self.waiting.setdefault(wish.source, set()).add(wish.number)
            else:
                line = wish.number if source.form == "lines" else None
                refused = _refused(source, outcome, line=line, type_=wish.type)
                self._not_now(wish.source, wish.number, outcome, refused)

    def _not_now(self, source: int, number: int, error: FhirError, refused: Refused) -> None:
        """Not stored: either it waits for something else, or it never will be."""
        if isinstance(error, storing.WAITS):
            self.waiting.setdefault(source, set()).add(number)
            self.result.waiting.append(refused)
        else:
            self.result.refused.append(refused)

    def _count(self, done: Done) -> None:
        fate = _FATE[done.status] if done.is_change else "unchanged"
        self.result.counts[done.type, fate] += 1

    def _is_wanted(self, source: int, number: int) -> bool:
        only = self.piece.sources[source].only
        return only is None or number in only

    def _refuse(self, source: int, why: str) -> None:
        name = self.piece.sources[source].name
        self.result.refused.append(Refused(name, ((None, why),), resources=0))

    def _refuse_for(
        self, source: int, error: FhirError, *, line: int | None = None, resources: int = 1
    ) -> None:
        refused = _refused(self.piece.sources[source], error, line=line, resources=resources)
        self.result.refused.append(refused)


def _refused(
    source: Source,
    error: FhirError,
    *,
    line: int | None = None,
    resources: int = 1,
    type_: str | None = None,
) -> Refused:
    issues = tuple((i.expression or None, i.text) for i in error.issues)
    entry = _ENTRY.match(issues[0][0] or "")
    return Refused(source.name, issues, line, int(entry[1]) if entry else None, type_, resources)


def _size(body: Resource) -> int:
    found = body.get("entry")
    return len(found) if isinstance(found, list) else 0


def _text(source: Source) -> bytes:
    if isinstance(source.data, bytes) and not source.compression:
        return source.data
    with _opened(source.data) as packed, unpacked(packed, source.compression) as stream:
        return document(stream)


def _opened(data: bytes | Path) -> IO[bytes]:
    return BytesIO(data) if isinstance(data, bytes) else data.open("rb")
