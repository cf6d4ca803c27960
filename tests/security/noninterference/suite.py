"""Two databases, one with and one without what a caller may not see, asked the same."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Any, Final

from fhirserver.access.principal import Principal
from fhirserver.engine import Engine
from tests.security.noninterference.asking import Answer, Question, alike, ask
from tests.security.noninterference.by_hand import principal
from tests.security.noninterference.evaluator import Caller, Judge
from tests.security.noninterference.naive import Expectations
from tests.security.noninterference.operation_questions import OperationQuestions
from tests.security.noninterference.questions import Questions
from tests.security.noninterference.worlds import (
    World,
    build,
    changed_against,
    database,
    engine_on,
    following,
    restore,
    save,
    take_out,
)

MOST_PAGES = 200
MOST_PAST = 35


@dataclass(frozen=True)
class Twins:
    """The same world twice."""

    world: World
    with_all: Engine
    without: Engine
    urls: tuple[str, str]


@dataclass
class Report:
    """What was asked, by way, and what was wrong."""

    pairs: int = 0
    ways: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def problem(self, question: Question, text: str) -> None:
        asked = f"{question.method} {question.path} {dict(question.headers)} {question.query}"
        self.problems.append(f"{asked} {str(question.body or '')[:400]}: {text}")


@contextmanager
def twins(server: str, seed: int, **settings: Any) -> Iterator[Twins]:
    """A world in two databases of a PostgreSQL, gone afterwards; two servers with these settings."""
    first, second = f"with_{seed}", f"without_{seed}"
    with database(server, first) as url:
        world = build(url, first, seed)
        save(url)
        with (
            database(server, second, first) as other,
            engine_on(url, **{"appointment_rules": "off", **settings}) as with_all,
            engine_on(other, **{"appointment_rules": "off", **settings}) as without,
        ):
            yield Twins(world, with_all, without, (url, other))


def compare(
    pair: Twins,
    caller: Caller,
    seed: int,
    *,
    reading: int,
    writing: int,
    stop_at: int = 1_000,
    who: Principal | None = None,
) -> Report:
    """Ask both databases as a caller, first without changing anything; and the plain evaluator.

    `who` has the caller's rules as conditions; without it they are put together by hand.
    """
    judge = pair.world.judge(caller)
    rights = None if who is None else who.access
    expected = Expectations(
        pair.world,
        judge,
        None if rights is None else lambda right, kind: rights.allowed(kind, right) is not None,
    )
    for where in expected.seen:
        kind = where.partition("/")[0]
        assert expected.has("r", kind) or expected.has("s", kind), f"no right to see {where}"
    for url in pair.urls:
        restore(url)
    take_out(pair.urls[1], pair.world, expected.seen)
    random = Random(f"{seed} {caller.name}")
    times = sorted(
        s.resource["meta"]["lastUpdated"] for v in pair.world.versions.values() for s in v
    )
    questions = Questions(random, times[::50])
    operations = OperationQuestions(random, questions)
    who, report = who or principal(caller), Report()
    past = islice(_hidden_then(pair.world, expected), MOST_PAST)
    for number, question in enumerate(
        [*past, *_of_patients(expected), *_had(pair.world, expected)]
    ):
        pages = _asked(pair, who, question, number, report)
        if told := expected.disagreement(question, pages):
            report.problem(question, f"the evaluator: {told}")
    for number in range(reading):
        question = operations.reading() if random.random() < 0.2 else questions.reading()
        pages = _asked(pair, who, question, number, report)
        for page in pages:
            # A conversion says what it was told.
            for hidden in () if question.kind == "$convert" else expected.hidden_in(page):
                report.problem(question, hidden)
        if told := expected.disagreement(question, pages):
            report.problem(question, f"the evaluator: {told}")
        if len(report.problems) >= stop_at:
            return report
    for question in islice(_not_to_be_changed(expected, judge), MOST_PAST):
        (answer,) = _asked(pair, who, question, reading, report)
        if answer.status < 300:
            report.problem(question, "was changed, which the caller may only see")
    for question in (
        *_about_what_is_hidden(pair.world, expected),
        *_unless_there(pair.world, expected),
    ):
        _asked(pair, who, question, reading, report)
    for number in range(writing):
        question = operations.writing() if random.random() < 0.15 else questions.writing()
        pages = _asked(pair, who, question, reading + number, report)
        if told := expected.wrongly_written(question, pages[0]):
            report.problem(question, f"the evaluator: {told}")
        if len(report.problems) >= stop_at:
            return report
    report.problems += changed_against(pair.urls[0], pair.world, judge)
    return report


def _hidden_then(world: World, expected: Expectations) -> Iterator[Question]:
    """Reads of versions that are hidden, of resources of which another one isn't: few are."""
    for where, versions in sorted(world.versions.items()):
        seen = {s.number for s in expected.seen.get(where, ())}
        if not seen or len(seen) == len(versions):
            continue
        yield Question("GET", f"{where}/_history", kind="history-instance")
        one = ("_count", "1")  # A page that isn't all there is, with a total that is counted.
        yield Question("GET", f"{where}/_history", (one,), kind="history-instance")
        for version in versions:
            if version.number not in seen:
                yield Question("GET", f"{where}/_history/{version.number}", kind="vread")


def _of_patients(expected: Expectations) -> Iterator[Question]:
    """All of each patient's; and the newest Observations: no hidden one stands in another's way."""
    for where in sorted(expected.seen):
        if where.startswith("Patient/"):
            yield Question("GET", "Observation/$lastn", (("patient", where),), kind="$lastn")
            yield Question("GET", f"{where}/$everything", (("_count", "100"),), kind="$everything")


def _had(world: World, expected: Expectations) -> Iterator[Question]:
    """Who has an Observation that is hidden: its patient may be seen all the same."""
    hidden = [w for w in sorted(world.versions) if w not in expected.seen]
    for id_ in [w.partition("/")[2] for w in hidden if w.startswith("Observation/")][:20]:
        has = ("_has:Observation:patient:_id", id_)
        yield Question("GET", "Patient", (has,), kind="search-type")


def _not_to_be_changed(expected: Expectations, judge: Judge) -> Iterator[Question]:
    """Updates of what may be seen and not changed, to what may be made of another resource."""
    for where, states in sorted(expected.seen.items()):
        kind, _, id_ = where.partition("/")
        now = states[-1]
        if now.is_deleted or not judge.has("u", kind) or judge.may("u", now.resource):
            continue
        for other, theirs in sorted(expected.seen.items()):
            body = {**(theirs[-1].resource or {}), "id": id_}
            if theirs[-1].is_deleted or not other.startswith(f"{kind}/"):
                continue
            if body != now.resource and judge.may("u", body):
                yield Question("PUT", where, body=body, kind="update")
                break


def _about_what_is_hidden(world: World, expected: Expectations) -> Iterator[Question]:
    """A Provenance of something hidden is nobody's, as it would be of something absent."""
    hidden = (
        where for where, states in sorted(world.versions.items())
        if where.startswith("Observation/") and where not in expected.seen
        and not states[-1].is_deleted
    )  # fmt: skip
    for where in islice(hidden, 3):
        body = {
            "resourceType": "Provenance",
            "target": [{"reference": where}],
            "recorded": "2020-01-01T00:00:00Z",
            "agent": [{"who": {"display": "x"}}],
        }
        yield Question("POST", "Provenance", body=body, kind="create")
    yield Question("GET", "Provenance", (("_count", "100"),), kind="search-type")


def _unless_there(world: World, expected: Expectations) -> Iterator[Question]:
    """Transactions that create what has the identifiers of hidden resources, unless it is there.

    Conditions of several entries are looked up together: what is hidden must not be there for them.
    """
    for kind in ("Patient", "Encounter", "Observation", "Organization"):
        criteria = {
            f"identifier={identifier.get('system', '')}|{identifier['value']}": None
            for where, states in sorted(world.versions.items())
            if where.startswith(f"{kind}/")
            and where not in expected.seen
            and (resource := states[-1].resource) is not None
            for identifier in resource.get("identifier", ())
            if "value" in identifier
        }
        for pair in zip(list(criteria)[::2], list(criteria)[1::2], strict=False):
            entries = [
                {"resource": {"resourceType": kind, **_LEAST[kind]},
                 "request": {"method": "POST", "url": kind, "ifNoneExist": one}}
                for one in pair
            ]  # fmt: skip
            made = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
            yield Question("POST", "", body=made, kind="bundle")


# What a resource of each type has to have.
_LEAST: Final[dict[str, dict[str, Any]]] = {
    "Patient": {},
    "Encounter": {"status": "planned", "class": {"code": "AMB"}},
    "Observation": {"status": "final", "code": {"text": "x"}},
    "Organization": {"name": "x"},
}


def _asked(
    pair: Twins, who: Principal, question: Question, number: int, report: Report
) -> list[Answer]:
    """The pages of an answer; a difference between the databases is reported."""
    report.pairs += 1
    report.ways[question.kind] += 1
    pages: list[Answer] = []
    first: Question | None = question
    second: Question | None = question
    while first is not None and len(pages) < MOST_PAGES:
        assert second is not None
        ours = ask(pair.with_all, who, first, number)
        theirs = ask(pair.without, who, second, number)
        pages.append(ours)
        if _is_told_apart(question, ours) and alike(ours, pair.world.end) != alike(
            theirs, pair.world.end
        ):
            report.problem(question, f"{_short(ours)}\n  but without the hidden: {_short(theirs)}")
            break
        first, second = _next(ours), _next(theirs)
        if (first is None) != (second is None):
            break
    report.statuses[pages[0].status] += 1
    return pages


def _is_told_apart(question: Question, answer: Answer) -> bool:
    """All but two, which README.md explains.

    `_at`: when a version was current depends on its successor, also on a hidden one. $merge: who
    may not change all that refers to a patient is refused, and so learns that there is more.
    """
    if question.kind in ("$merge", "$merge-undo") and answer.status == 403:
        return False
    return all(name != "_at" for name, _ in question.query)


def _next(answer: Answer) -> Question | None:
    if '"relation":"next"' not in answer.content:
        return None
    return following(json.loads(answer.content))


def _short(answer: Answer) -> str:
    return f"{answer.status} {answer.about} {answer.content[:1500]}"
