"""Segments, one after the other, become resources: placing, conditions, rules, links.

Also keeps the books: which part of which field a rule used, and which rule made which element.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from hl7v2_gateway.mapping.context import Context
from hl7v2_gateway.mapping.datatypes import Convert
from hl7v2_gateway.mapping.drafts import Draft, Drafts, Made
from hl7v2_gateway.mapping.keeping import keep
from hl7v2_gateway.mapping.memory import REPEATED, Memory
from hl7v2_gateway.mapping.placing import Move, placed
from hl7v2_gateway.mapping.plans import Link, Plan, Slot
from hl7v2_gateway.mapping.rules import Rule
from hl7v2_gateway.mapping.views import EMPTY, Repetition, View

NOWHERE: Final[frozenset[int]] = frozenset()
_ATTACHED: Final = frozenset({"NTE", "PRT", "ROL", "CTD", "ARV"})


class Assembly:
    """One message on its way into drafts."""

    def __init__(self, plan: Plan, ctx: Context, memory: Memory | None = None) -> None:
        self.plan = plan
        self.ctx = ctx
        self.memory = memory
        self.drafts = Drafts()
        self.current: dict[str, Draft] = {}
        self.near: dict[str, View] = {}
        self.slot: Slot | None = None
        self.used: dict[tuple[int, int, int], frozenset[int]] = {}
        self.unplaced: list[View] = []
        self._latest: dict[str, Draft] = {}
        self._groups: dict[str, tuple[str, ...]] = {}
        self._pending: list[tuple[Draft, Link, int]] = []

    def read(self, views: Iterable[View]) -> None:
        """Take every segment in turn, then make the links that had to wait."""
        following = list(views)
        for number, view in enumerate(following):
            if view.name == "ORC":
                self._look_ahead(following, number + 1)
            self._take(view)
        for draft, link, scope in self._pending:
            target = self.find(link.target)
            if target is not None and target is not draft:
                self.drafts.point(draft, link.path, target, scope)

    def find(self, label: str) -> Draft | None:
        """The resource that has this label now, else the last of its type."""
        found = self.current.get(label)
        if found is not None:
            return found
        return self._latest.get(label.partition("[")[0])

    def _look_ahead(self, views: list[View], start: int) -> None:
        """Whether an order has an original (RXO), which decides whose timing comes before it."""
        self.near.pop("RXO", None)
        for number in range(start, len(views)):
            view = views[number]
            if view.name == "ORC":
                return
            if view.name == "RXO":
                self.near["RXO"] = view
                return

    def _take(self, view: View) -> None:
        move = placed(self.plan, self.slot, view.name)
        if move is None:
            self.unplaced.append(view)
            if self.ctx.restore is not None:
                keep(self.ctx.restore, view, (), self._latest, self.used, self.ctx)
            return
        if move.anew and self._opens(view.name, move):
            self._begin_anew(move.anew)
        slot = move.slot
        if not view.name.startswith("Z") and not (
            view.name in _ATTACHED and self.slot is not None and slot.groups != self.slot.groups
        ):
            # A sender's own segment may stand anywhere and says nothing of where the next belongs.
            # Nor does a note that comes before its time, as between ORC and OBR.
            self.slot = slot
        self.near[view.name] = view
        self._groups[view.name] = slot.groups
        scope = view.index + 1
        # A segment makes one new resource for each label that it owns, however many rows it has.
        begun: set[str] = set()
        filled: list[Draft] = []
        for action in slot.actions:
            if action.test is not None and not action.test(view, EMPTY, self.near):
                continue
            label = action.label
            draft = self.current.get(label)
            if draft is None or (self.plan.owners[label] == slot.order and label not in begun):
                draft = self.current[label] = self._new(action.type)
            if label not in begun and draft.type in ("Observation", "Specimen"):
                self._beside(draft, view)
            begun.add(label)
            if action.rules.name == "MRG[Patient]":
                # The patient that a MRG names: known by its number, described elsewhere.
                draft.hints["mention"] = True
            elif action.rules.name == "PID[Patient]":
                # A PID makes a patient, however little it says: results must have a subject.
                draft.hints["keep"] = True
            if view.name != "TQ1" or phased(draft, view):
                self.apply(action.rules.whole, action.rules.fields, view, draft, scope)
            draft.hints.pop("dosage", None)
            filled.append(draft)
            for link in action.links:
                self._link(link, scope)
        if self.ctx.restore is not None:
            keep(self.ctx.restore, view, filled, self._latest, self.used, self.ctx)

    def _beside(self, draft: Draft, view: View) -> None:
        """What an observation or a specimen is told from others by: its report, its sub-id."""
        if "report" in draft.hints:
            return
        for label in ("DiagnosticReport[1]", "Immunization[1]", "ServiceRequest[1]"):
            if label in self.current:
                draft.hints["report"] = self.current[label]
                break
        if view.name == "OBX":
            draft.hints["sub"] = view.text(4)

    def _new(self, kind: str) -> Draft:
        draft = self.drafts.new(kind)
        for key, name in (("patient", "Patient"), ("encounter", "Encounter")):
            other = self._latest.get(name)
            if other is not None:
                draft.hints[key] = other
        self._latest[kind] = draft
        return draft

    def _opens(self, name: str, move: Move) -> bool:
        """Whether a step back begins a group: its first segment does, and one that it has had.

        A segment that only came late (NK1 after PV1) belongs to the group that goes on.
        """
        depth = len(move.anew)
        first = next(s.order for s in self.plan.slots if s.groups[:depth] == move.anew)
        if move.slot.order == first:
            return True
        return self._groups.get(name) == move.slot.groups and not move.slot.repeats

    def _begin_anew(self, groups: tuple[str, ...]) -> None:
        depth = len(groups)
        for label, home in self.plan.homes.items():
            if home[:depth] == groups:
                self.current.pop(label, None)
        for name in [n for n, g in self._groups.items() if g[:depth] == groups]:
            self._groups.pop(name)
            self.near.pop(name, None)

    def _link(self, link: Link, scope: int) -> None:
        source = self.find(link.source)
        if source is None:
            return
        target = self.find(link.target)
        if target is None:
            self._pending.append((source, link, scope))
        elif target is not source:
            self.drafts.point(source, link.path, target, scope)

    def apply(
        self,
        whole: tuple[Rule, ...],
        fields: tuple[tuple[int, tuple[Rule, ...]], ...],
        view: View,
        draft: Draft,
        scope: int,
    ) -> None:
        """Fill a resource from one segment."""
        near, put = self.near, self.drafts.put
        for rule in whole:
            if rule.test is None or rule.test(view, EMPTY, near):
                value = rule.constant
                if value is None and rule.convert is not None:
                    continue
                put(draft, rule.path, value, scope, 0, default=True)
        own = view.fields
        count = len(own)
        for number, rules in fields:
            if number >= count:
                break
            repetitions = own[number]
            if not repetitions:
                continue
            if repetitions[0].is_null:
                self._clear(draft, rules, view, number)
                continue
            for index, repetition in enumerate(repetitions):
                self._field(rules, view, draft, scope, number, index, repetition)

    def _field(
        self,
        rules: tuple[Rule, ...],
        view: View,
        draft: Draft,
        scope: int,
        number: int,
        index: int,
        repetition: Repetition,
    ) -> None:
        ctx = self.ctx
        ctx.position = position = (
            f"{view.name}-{number}" if index == 0 else f"{view.name}-{number}({index + 1})"
        )
        made = False
        for rule in rules:
            if rule.fallback and made:
                continue
            if index and not _takes_more(rule):
                continue
            if rule.test is not None and not rule.test(view, repetition, self.near):
                continue
            if rule.constant is not None:
                self.drafts.put(
                    draft, rule.path, rule.constant, scope, index, default=True, number=number
                )
                continue
            convert = rule.convert
            if convert is None:
                continue
            source = repetition.component(rule.component) if rule.component else repetition
            value = self._value(rule, convert, source, position)
            if value is None:
                continue
            if index and rule.lines:
                _add_line(draft, rule, value, scope)
            else:
                self.drafts.put(
                    draft, rule.path, value, scope, index, default=rule.default, number=number
                )
            if ctx.restore is not None and _is_one_code(rule):
                notes = ctx.restore.coded(view.name, number, draft.type, value, source.components)
                if notes:
                    draft.resource[f"_{rule.path.steps[0].name}"] = {"extension": notes}
            made = True
            key = (view.index, number, index)
            self.used[key] = self.used.get(key, NOWHERE) | rule.uses
            draft.made.append(Made(rule.path.text, rule.id, position, view.index))

    def _value(self, rule: Rule, convert: Convert, source: Repetition, position: str) -> Any:
        """What a rule makes of a value, with the notes that it needs; None for nothing."""
        ctx, memory = self.ctx, self.memory
        is_repeated = rule.kind is not None and rule.kind[0] in REPEATED
        if memory is not None and is_repeated:
            value = memory.find(rule, source.components)
            if value is not None:
                return value
        told = len(ctx.unknown), len(ctx.answered)
        value = convert(source, ctx, rule.how)
        if value is not None and ctx.restore is not None and rule.kind:
            ctx.restore.note(*rule.kind, value, source.components, position)
        if memory is not None and is_repeated and told == (len(ctx.unknown), len(ctx.answered)):
            # What was asked or answered is told of each message anew.
            memory.keep(rule, source.components, value)
        return value

    def _clear(self, draft: Draft, rules: tuple[Rule, ...], view: View, number: int) -> None:
        for rule in rules:
            if rule.test is not None and not rule.test(view, view.first(number), self.near):
                continue
            if rule.path.steps and rule.constant is None:
                draft.cleared.add(cleared(rule, rules))
                position = f"{view.name}-{number}"
                draft.made.append(Made(rule.path.text, rule.id, position, view.index))
        self.used[view.index, number, 0] = frozenset({1})


def phased(draft: Draft, view: View) -> bool:
    """Whether a TQ1 has somewhere to go: each is a phase of its own.

    Of a medication that is a further dosage. A ServiceRequest has one timing: the next phase is
    listed as unmapped, for mixed with the first it would be a third that nobody has ordered.
    """
    phases: list[str] = draft.hints.setdefault("phases", [])
    if draft.type == "ServiceRequest" and phases:
        return False
    if draft.type == "MedicationRequest" and phases:
        draft.hints["dosage"] = len(draft.resource.get("dosageInstruction", ()))
    phases.append(view.text(12))
    return True


def _is_one_code(rule: Rule) -> bool:
    """Whether what is made is the only code of an element of the resource itself."""
    return rule.path.type == "code" and len(rule.path.steps) == 1 and not rule.path.is_list


def _takes_more(rule: Rule) -> bool:
    """Whether further repetitions have somewhere to go."""
    return rule.lines or any(s.is_list for s in rule.path.steps) or not rule.path.steps


def cleared(rule: Rule, beside: tuple[Rule, ...]) -> str:
    """What a null deletes: the element, the extension by its address, or those items of a list that
    the field's constants tell from others (`telecom[use=home]`)."""
    steps = rule.path.steps
    for step in steps:
        if step.url:
            return f"extension:{step.url}"
    first = steps[0]
    if first.is_list and first.label:
        for other in beside:
            path = other.path.steps
            mark = path[-1].name if path else ""
            if isinstance(other.constant, str) and path[0] == first and mark in ("code", "use"):
                where = ".".join(s.name for s in path[1:])
                return f"{first.name}[{where}={other.constant}]"
    return ".".join(s.name for s in steps if not s.name.startswith("_"))


def _add_line(draft: Draft, rule: Rule, value: Any, scope: int) -> None:
    """Further repetitions of a text are further lines of it."""
    node: Any = draft.resource
    for step in rule.path.steps[:-1]:
        node = node.get(step.name) if isinstance(node, dict) else None
        if step.is_list and isinstance(node, list):
            node = node[-1] if node else None
    last = rule.path.steps[-1].name
    if isinstance(node, dict) and isinstance(node.get(last), str):
        node[last] += f"\n{value}"
