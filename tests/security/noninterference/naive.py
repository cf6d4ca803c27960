"""What an answer must be, by the plain evaluator and the plain search: told apart from the server's.

Of questions that neither can foretell, only that nothing hidden is in the answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

from tests.security.noninterference.asking import NOW, Answer, Question
from tests.security.noninterference.evaluator import Judge
from tests.security.noninterference.parameters import Clinic
from tests.security.noninterference.records import COUNTS
from tests.security.noninterference.worlds import World

Resource = dict[str, Any]
_CONTROLS = ("_count", "_sort", "_total", "_summary", "_elements", "_include", "_revinclude")


class Expectations:
    """What one caller is to get of a world that nobody changes meanwhile."""

    def __init__(
        self, world: World, judge: Judge, has: Callable[[str, str], bool] | None = None
    ) -> None:
        """`has`: whether a right on a type is there, if the server may see that it comes to none."""
        self.world = world
        self.judge = judge
        self.has = has or judge.has
        self.seen = world.seen_by(judge)
        current = [s[-1].resource for s in self.seen.values() if not s[-1].is_deleted]
        self.clinic = Clinic(current, NOW)

    def hidden_in(self, answer: Answer) -> Iterator[str]:
        """The versions in an answer that are hidden from the caller."""
        if not answer.content.startswith("{"):
            return
        for resource in _resources(json.loads(answer.content)):
            where = f"{resource.get('resourceType')}/{resource.get('id')}"
            states = self.world.versions.get(where)
            version = resource.get("meta", {}).get("versionId")
            if states is None or (version is None and len(resource) <= 2):
                continue
            kept = {str(s.number) for s in self.seen.get(where, ())}
            if (version or "") not in kept:
                yield f"{where}/_history/{version} is in the answer"

    def disagreement(self, question: Question, answers: Iterable[Answer]) -> str | None:
        """How the answer (all its pages) isn't what it must be; None when it is, or may be."""
        pages = list(answers)
        match question.kind:
            case "read":
                return self._read(question, pages[0])
            case "vread":
                return self._vread(question, pages[0])
            case "history-instance" if not question.query:
                return self._history(question, pages[0])
            case "search-type":
                return self._search(question, pages)
            case "search-compartment":
                return self._compartment(question, pages)
        return None

    def wrongly_written(self, question: Question, answer: Answer) -> str | None:
        """Why a resource mustn't have been written as it was sent; None when it may."""
        if question.kind not in ("create", "update") or answer.status not in (200, 201):
            return None
        if question.method == "POST" and answer.status == 200:
            return None
        # A conditional update is of what its condition names.
        named = question.path.partition("/")[2] or dict(question.query).get("_id")
        if named is None and question.query:
            named = _written(answer)
        sent = {"id": named or "new", **question.body}
        if sent["resourceType"] == "Provenance" or "?" in str(sent):
            return None
        right = "c" if question.method == "POST" else "u"
        rights = ("c", "u") if answer.status == 201 else (right,)
        if not any(self.judge.may(r, sent) for r in rights):
            return f"a {sent['resourceType']} was written that the caller may not write"
        return None

    def _read(self, question: Question, answer: Answer) -> str | None:
        kind = question.path.partition("/")[0]
        if not self.has("r", kind):
            return _unless(answer, 403)
        states = self.seen.get(question.path)
        if not states:
            return _unless(answer, 404)
        if states[-1].is_deleted:
            return _unless(answer, 410)
        if "If-None-Match" in question.headers:
            return None
        return _unless(answer, 200)

    def _vread(self, question: Question, answer: Answer) -> str | None:
        where, _, number = question.path.partition("/_history/")
        if not self.has("r", where.partition("/")[0]):
            return _unless(answer, 403)
        found = [s for s in self.seen.get(where, ()) if str(s.number) == number]
        if not found:
            return _unless(answer, 404)
        return _unless(answer, 410 if found[0].is_deleted else 200)

    def _history(self, question: Question, answer: Answer) -> str | None:
        where = question.path.removesuffix("/_history")
        if not self.has("r", where.partition("/")[0]):
            return _unless(answer, 403)
        states = self.seen.get(where, ())
        if not states:
            return _unless(answer, 404)
        if told := _unless(answer, 200):
            return told
        page = json.loads(answer.content)
        numbers = [e["response"]["etag"].split('"')[1] for e in page.get("entry", ())]
        wanted = [str(s.number) for s in reversed(states)]
        if (numbers, page["total"]) != (wanted, len(wanted)):
            return f"versions {numbers} of {page['total']}, not {wanted}"
        return None

    def _search(self, question: Question, pages: list[Answer]) -> str | None:
        kind = question.path.removesuffix("/_search")
        if not self.has("s", kind):
            return _unless(pages[0], 403)
        if pages[0].status != 200:
            # What goes by a type without any right is refused, or finds nothing.
            lacking = [k for k in COUNTS if not (self.has("r", k) or self.has("s", k))]
            if pages[0].status == 403 and lacking:
                return None
            return f"status {pages[0].status}"
        asked = [p for p in question.query if p[0].partition(":")[0] not in _CONTROLS]
        wanted = {f"{kind}/{i}" for i in self.clinic.search(kind, asked)}
        return self._found(question, pages, wanted)

    def _compartment(self, question: Question, pages: list[Answer]) -> str | None:
        of, id_, kind = question.path.split("/")
        if of != "Patient" or kind == "*":
            return None
        if not self.has("s", kind):
            return _unless(pages[0], 403)
        if pages[0].status != 200:
            return None
        asked = [p for p in question.query if p[0] != "_count"]
        within = self.clinic.in_compartment(id_, kind) & self.clinic.search(kind, asked)
        return self._found(question, pages, {f"{kind}/{i}" for i in within})

    def _found(self, question: Question, pages: list[Answer], wanted: set[str]) -> str | None:
        first = json.loads(pages[0].content, parse_float=Decimal)
        is_estimate = ("_total", "estimate") in question.query
        if "total" in first and not is_estimate and first["total"] != len(wanted):
            return f"total {first['total']}, not {len(wanted)}"
        if ("_summary", "count") in question.query:
            return None
        found = [
            (e["search"]["mode"], "/".join(e["fullUrl"].split("/")[-2:]))
            for page in pages
            for e in json.loads(page.content).get("entry", ())
        ]
        matches = [where for mode, where in found if mode == "match"]
        if len(matches) != len(set(matches)) or set(matches) != wanted:
            more, less = sorted(set(matches) - wanted), sorted(wanted - set(matches))
            return f"found {more[:5]} too much, {less[:5]} too little of {len(wanted)}"
        return self._included(question, {w for mode, w in found if mode == "include"}, wanted)

    def _included(self, question: Question, found: set[str], wanted: set[str]) -> str | None:
        asked = [p for p in question.query if "include" in p[0]]
        if any(v == "*" or ":iterate" in k for k, v in asked) or ("_count", "4") in question.query:
            return None
        matches = [self.clinic.by_address[w] for w in wanted]
        more: set[str] = set()
        for key, value in asked:
            more |= self.clinic.included(matches, value, reverse=key == "_revinclude")
        if more - wanted != found:
            return f"included {sorted(found)[:6]}, not {sorted(more - wanted)[:6]}"
        return None


def _unless(answer: Answer, status: int) -> str | None:
    return None if answer.status == status else f"status {answer.status}, not {status}"


def _resources(value: Any) -> Iterator[Resource]:
    """Every resource in a JSON value that isn't contained in another by reference."""
    if isinstance(value, list):
        for each in value:
            yield from _resources(each)
    elif isinstance(value, dict):
        if "resourceType" in value:
            yield value
        for name, each in value.items():
            if name != "contained":
                yield from _resources(each)


def _written(answer: Answer) -> str | None:
    """The id of what was written, as the answer's Location says it: `Organization/1/_history/2`."""
    location = answer.about[2] if len(answer.about) > 2 else None
    return location.split("/")[1] if location else None
