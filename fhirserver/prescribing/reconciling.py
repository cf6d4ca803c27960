"""Which medicines a patient takes: everything that is on record, brought together by ingredient.

What is prescribed, what the patient says to take, what was dispensed and what was given last, and
where these contradict each other. (WHO: The High 5s Project, Standard Operating Protocol for
Medication Reconciliation, 2014: compare all sources, and resolve each discrepancy.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from fhirserver.model.resource import Resource
from fhirserver.prescribing.checks import is_taken
from fhirserver.prescribing.codes import Code
from fhirserver.prescribing.knowledge import Knowledge
from fhirserver.prescribing.medicine import medicine_of, reference_to
from fhirserver.prescribing.renewing import renews
from fhirserver.search.types.date import bounds

_OVER: Final = frozenset({"stopped", "cancelled", "completed"})
_DENIED: Final = frozenset({"not-taken", "stopped"})
_HANDED: Final = frozenset({"completed", "in-progress"})
_GIVEN: Final = frozenset({"completed", "in-progress", "stopped"})
_DAY: Final = 86_400_000_000
_LATE_DAYS: Final = 30
"""How long after a supply's end nothing new may have been fetched, before it is told."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something that the sources say differently."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One ingredient, and everything that is current about it."""

    ingredient: Code
    name: str
    requests: Sequence[Resource] = ()
    statements: Sequence[Resource] = ()
    dispense: Resource | None = None
    administration: Resource | None = None
    conflicts: Sequence[Conflict] = ()


@dataclass(frozen=True, slots=True)
class _Group:
    """All resources about one ingredient, the newest first."""

    name: str
    requests: list[Resource] = field(default_factory=list)
    statements: list[Resource] = field(default_factory=list)
    dispenses: list[Resource] = field(default_factory=list)
    administrations: list[Resource] = field(default_factory=list)

    def of(self, kind: str) -> list[Resource]:
        return {
            "MedicationRequest": self.requests,
            "MedicationStatement": self.statements,
            "MedicationDispense": self.dispenses,
            "MedicationAdministration": self.administrations,
        }[kind]


def reconciled(
    resources: Iterable[Resource], drugs: Mapping[str, Resource], known: Knowledge, now: datetime
) -> list[Line]:
    """A line for each ingredient with something current or contradictory, by name."""
    groups: dict[Code, _Group] = {}
    unnamed: dict[str, _Group] = {}
    for resource in sorted(resources, key=_time, reverse=True):
        medicine = medicine_of(resource, drugs, known)
        for code in medicine.ingredients:
            name = known.names.get(code, medicine.name)
            groups.setdefault(code, _Group(name)).of(resource["resourceType"]).append(resource)
        if not medicine.ingredients:
            group = unnamed.setdefault(medicine.name.casefold(), _Group(medicine.name))
            group.of(resource["resourceType"]).append(resource)
    moment = int((now.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1e6)
    lines = [_line(code, g, moment) for code, g in groups.items()]
    lines += [_line(Code("", ""), g, moment) for g in unnamed.values()]
    told = (line for line in lines if line is not None)
    return sorted(told, key=lambda line: (line.name.casefold(), line.ingredient))


def _line(code: Code, group: _Group, now: int) -> Line | None:
    requests = [r for r in group.requests if is_taken(r)]
    statements = [s for s in group.statements if is_taken(s)]
    dispense = next((d for d in group.dispenses if d.get("status") in _HANDED), None)
    given = next((a for a in group.administrations if a.get("status") in _GIVEN), None)
    facts = _Facts(group, requests, statements, dispense, given, now)
    conflicts = [c for find in _CONFLICTS for c in find(facts)]
    if not (requests or statements or conflicts):
        return None
    return Line(code, group.name, requests, statements, dispense, given, conflicts)


@dataclass(frozen=True, slots=True)
class _Facts:
    group: _Group
    requests: Sequence[Resource]
    statements: Sequence[Resource]
    dispense: Resource | None
    given: Resource | None
    now: int


def _prescribed_twice(facts: _Facts) -> Iterator[Conflict]:
    replaced = {renews(r) for r in facts.requests}
    left = [r for r in facts.requests if reference_to(r) not in replaced]
    if len(left) > 1:
        yield Conflict("prescribed-twice", f"{len(left)} prescriptions are in force")
    if len(left) < len(facts.requests):
        yield Conflict(
            "renewed-still-active", "a prescription was renewed, and the old one is still in force"
        )


def _taken_unprescribed(facts: _Facts) -> Iterator[Conflict]:
    if facts.statements and not facts.requests:
        yield Conflict("taken-not-prescribed", "taken, and no prescription here is in force")


def _prescribed_untaken(facts: _Facts) -> Iterator[Conflict]:
    newest = next(iter(facts.group.statements), None)
    if facts.requests and newest is not None and newest.get("status") in _DENIED:
        text = "prescribed, but the newest statement says it isn't taken"
        yield Conflict("prescribed-not-taken", text)


def _doses_differ(facts: _Facts) -> Iterator[Conflict]:
    prescribed = {d for r in facts.requests for d in _doses(r.get("dosageInstruction", ()))}
    taken = {d for s in facts.statements for d in _doses(s.get("dosage", ()))}
    if prescribed and taken and not prescribed & taken:
        yield Conflict("doses-differ", "taken in another dose than prescribed")


def _supplied_after_stop(facts: _Facts) -> Iterator[Conflict]:
    if facts.dispense is None or facts.requests or not _has_ended(facts.group.requests):
        return
    end = _supply_end(facts.dispense)
    if end is not None and end > facts.now:
        yield Conflict("supply-after-stop", "stopped, but the patient still has a supply of it")


def _given_after_stop(facts: _Facts) -> Iterator[Conflict]:
    if facts.given is None or facts.requests or not _has_ended(facts.group.requests):
        return
    ended = _low(facts.group.requests[0].get("meta", {}).get("lastUpdated"))
    at = _low(_when(facts.given))
    if ended is not None and at is not None and at > ended:
        yield Conflict("given-after-stop", "given after the prescription had ended")


def _supply_ended(facts: _Facts) -> Iterator[Conflict]:
    if facts.dispense is None or not any(r.get("status") == "active" for r in facts.requests):
        return
    end = _supply_end(facts.dispense)
    if end is not None and end + _LATE_DAYS * _DAY < facts.now:
        yield Conflict(
            "supply-ended", f"the last supply ended more than {_LATE_DAYS} days ago: is it taken?"
        )


_CONFLICTS: Final[Sequence[Callable[[_Facts], Iterator[Conflict]]]] = (
    _prescribed_twice, _taken_unprescribed, _prescribed_untaken, _doses_differ,
    _supplied_after_stop, _given_after_stop, _supply_ended,
)  # fmt: skip


def _has_ended(requests: Sequence[Resource]) -> bool:
    return bool(requests) and requests[0].get("status") in _OVER


def _doses(dosages: Iterable[Resource]) -> Iterator[tuple[Any, ...]]:
    """What is taken how often, as far as it is said in numbers."""
    for dosage in dosages:
        repeat = dosage.get("timing", {}).get("repeat", {})
        for dose in dosage.get("doseAndRate", ()):
            quantity = dose.get("doseQuantity")
            if quantity is not None and quantity.get("value") is not None:
                yield (
                    float(quantity["value"]),
                    quantity.get("code") or quantity.get("unit"),
                    *(str(repeat.get(k)) for k in ("frequency", "period", "periodUnit")),
                )


def _supply_end(dispense: Resource) -> int | None:
    start = _low(_when(dispense))
    days = dispense.get("daysSupply", {}).get("value")
    return None if start is None or days is None else start + int(float(days) * _DAY)


def _when(resource: Resource) -> Any:
    period = resource.get("effectivePeriod", {})
    return (
        resource.get("effectiveDateTime")
        or period.get("end")
        or period.get("start")
        or resource.get("whenHandedOver")
        or resource.get("whenPrepared")
        or resource.get("dateAsserted")
        or resource.get("authoredOn")
        or resource.get("meta", {}).get("lastUpdated")
    )


def _time(resource: Resource) -> int:
    return _low(_when(resource)) or 0


def _low(text: Any) -> int | None:
    try:
        return bounds(str(text), UTC)[0] if text else None
    except ValueError:
        return None
