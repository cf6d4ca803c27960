"""Results of the laboratory against a medicine: what the kidneys or the potassium say.

https://hl7.org/fhir/R4/observation.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from fhirserver.model import ucum
from fhirserver.model.resource import Resource
from fhirserver.prescribing.codes import Code, codes_of, words_of
from fhirserver.prescribing.finding import Finding, short
from fhirserver.prescribing.knowledge import SEVERITIES, Knowledge, Limit
from fhirserver.prescribing.medicine import Medicine, reference_to
from fhirserver.prescribing.wording import Words
from fhirserver.search.types.date import bounds

SAID: Final = frozenset({"preliminary", "final", "amended", "corrected"})
"""The statuses of results that somebody stands for."""
_DAY: Final = 86_400_000_000
_SYSTEM: Final = "http://unitsofmeasure.org"


@dataclass(frozen=True, slots=True)
class _Result:
    observation: Resource
    taken: int
    """In microseconds since 1970 UTC."""
    number: Decimal
    unit: str
    comparator: str


def limit_findings(
    medicine: Medicine, observations: Iterable[Resource], known: Knowledge, now: datetime
) -> Iterator[Finding]:
    """For each measure that the medicine has limits for, the worst that its newest result tells."""
    limits = known.limits_of(medicine.everything)
    if not limits:
        return
    observations = list(observations)
    for measure in dict.fromkeys(limit.measure for limit in limits):
        result = _newest(measure, observations, known)
        if result is None:
            continue
        told = [
            limit
            for limit in limits
            if limit.measure == measure
            and _age(result, now) <= limit.days * _DAY
            and _is_beyond(result, limit)
        ]
        if told:
            worst = min(told, key=lambda limit: SEVERITIES.index(limit.severity))
            yield _finding(medicine, worst, result, known.words)


def _newest(measure: Code, observations: Sequence[Resource], known: Knowledge) -> _Result | None:
    found = (
        _result(o)
        for o in observations
        if any(known.measures.get(c, c) == measure for c in codes_of(o.get("code")))
    )
    return max(filter(None, found), key=lambda r: r.taken, default=None)


def _result(observation: Resource) -> _Result | None:
    taken = taken_at(observation)
    quantity = observation.get("valueQuantity", {})
    value = quantity.get("value")
    if taken is None or value is None or observation.get("status") not in SAID:
        return None
    is_ucum = quantity.get("system", _SYSTEM) == _SYSTEM
    unit = (quantity.get("code") if is_ucum else None) or quantity.get("unit") or "1"
    return _Result(observation, taken, Decimal(str(value)), unit, quantity.get("comparator") or "")


def taken_at(result: Resource) -> int | None:
    """When a result was so, in microseconds since 1970 UTC; None when it doesn't say."""
    period = result.get("effectivePeriod", {})
    for text in (
        result.get("effectiveDateTime"), result.get("effectiveInstant"), period.get("end"),
        period.get("start"), result.get("issued"),
    ):  # fmt: skip
        try:
            if text:
                return bounds(str(text), UTC)[0]
        except ValueError:
            continue
    return None


def _age(result: _Result, now: datetime) -> int:
    return int(now.timestamp() * 1_000_000) - result.taken


def _is_beyond(result: _Result, limit: Limit) -> bool:
    number = ucum.convert(result.number, result.unit, limit.unit)
    if number is None:
        # The same unit, spelt in a way that isn't UCUM.
        if result.unit != limit.unit:
            return False
        number = result.number
    if limit.is_below:
        return number < limit.number or (result.comparator == "<" and number <= limit.number)
    return number > limit.number or (result.comparator == ">" and number >= limit.number)


def _finding(medicine: Medicine, limit: Limit, result: _Result, words: Words) -> Finding:
    quantity = result.observation["valueQuantity"]
    shown = f"{result.comparator}{quantity['value']} {quantity.get('unit') or result.unit}"
    name = words_of(result.observation.get("code")) or limit.measure.code
    day = datetime.fromtimestamp(result.taken / 1_000_000, UTC).strftime("%Y-%m-%d")
    about = {
        "medicine": medicine.name,
        "name": name,
        "shown": shown,
        "explanation": limit.explanation,
    }
    return Finding(
        kind="result",
        severity=limit.severity,
        summary=short(words["result.summary"].format(**about)),
        detail=words["result.detail"].format(day=day, **about),
        management=limit.management,
        source=limit.source,
        medicine=medicine,
        against=(reference_to(result.observation),),
    )
