"""An examination that is ordered a second time: it is ordered already, or was done just now.

https://hl7.org/fhir/R4/servicerequest.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from fhirserver.model.resource import Resource
from fhirserver.prescribing.codes import codes_of, words_of
from fhirserver.prescribing.finding import Finding, short
from fhirserver.prescribing.knowledge import Interval, Knowledge
from fhirserver.prescribing.limits import SAID, taken_at
from fhirserver.prescribing.medicine import Medicine, reference_to
from fhirserver.prescribing.wording import ENGLISH, Words
from fhirserver.search.types.date import bounds

OPEN: Final = frozenset({"draft", "active", "on-hold", "unknown"})
"""The statuses of orders that are still to be carried out."""
_NO_ORDERS: Final = frozenset({"proposal", "plan", "option"})
_DAY: Final = 86_400_000_000
# One that was never closed is no reason not to order for ever.
_LONGEST_OPEN: Final = 90


def examination(order: Resource, words: Words = ENGLISH) -> Medicine:
    """What an order asks for, in the place of the medicine of a finding."""
    codes = frozenset(codes_of(order.get("code")))
    name = words_of(order.get("code")) or words["repeat.nameless"]
    return Medicine(name, codes, codes, frozenset(), reference_to(order), is_known=bool(codes))


def repeat_findings(
    order: Resource,
    orders: Iterable[Resource],
    done: Iterable[Resource],
    known: Knowledge,
    now: datetime,
) -> Iterator[Finding]:
    """What makes an order a repetition: open `orders`, and what is `done` (reports, results)."""
    words = known.words
    asked = examination(order, words)
    if not asked.codes or order.get("doNotPerform", False):
        return
    usual = Interval(1, words["repeat.usual"])
    interval = next((known.intervals[c] for c in asked.codes if c in known.intervals), usual)
    for other in orders:
        written = _written(other)
        if _is_same(asked, other) and _is_open(other) and _days(written, now) <= _LONGEST_OPEN:
            yield _finding(
                asked,
                other,
                words["repeat.open"].format(name=asked.name),
                _dated(words, "repeat.open.dated", "repeat.open.detail", asked.name, written),
                words["repeat.open.management"],
                words["source.orders"],
            )
    newest = max(
        (d for d in done if _is_same(asked, d) and d.get("status") in SAID),
        key=lambda d: taken_at(d) or 0,
        default=None,
    )
    if newest is not None and -1 <= _days(taken_at(newest), now) <= interval.days:
        was_done = _dated(words, "repeat.done.dated", "repeat.done", asked.name, taken_at(newest))
        span = words["day"] if interval.days == 1 else words["days"].format(n=interval.days)
        yield _finding(
            asked,
            newest,
            was_done,
            words["repeat.done.detail"].format(said=was_done, span=span),
            words["repeat.done.management"],
            interval.source,
        )


def _is_same(asked: Medicine, other: Resource) -> bool:
    return bool(asked.codes & frozenset(codes_of(other.get("code"))))


def _is_open(order: Resource) -> bool:
    return order.get("status") in OPEN and order.get("intent") not in _NO_ORDERS


def _written(order: Resource) -> int | None:
    return _moment(order.get("authoredOn") or order.get("occurrenceDateTime"))


def _moment(text: Any) -> int | None:
    try:
        return bounds(str(text), UTC)[0] if text else None
    except ValueError:
        return None


def _days(moment: int | None, now: datetime) -> float:
    """How many days ago; what tells no time is so now."""
    return 0.0 if moment is None else (now.timestamp() * 1_000_000 - moment) / _DAY


def _dated(words: Words, dated: str, undated: str, name: str, moment: int | None) -> str:
    if moment is None:
        return words[undated].format(name=name)
    day = f"{datetime.fromtimestamp(moment / 1_000_000, UTC):%Y-%m-%d}"
    return words[dated].format(name=name, day=day)


def _finding(
    asked: Medicine, other: Resource, summary: str, detail: str, management: str, source: str
) -> Finding:
    return Finding(
        kind="repeat",
        severity="moderate",
        summary=short(summary),
        detail=detail,
        management=management,
        source=source,
        medicine=asked,
        against=(reference_to(other),),
    )
