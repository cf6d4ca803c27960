"""A message from what is to be told: its segments, in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from fhirserver.fhirpath import Typed
from fhirserver.model.resource import Resource
from hl7v2_gateway.outbound.events import Trigger
from hl7v2_gateway.outbound.filling import filled
from hl7v2_gateway.outbound.header import header
from hl7v2_gateway.outbound.reader import Reader
from hl7v2_gateway.outbound.segments import Segment
from hl7v2_gateway.outbound.tabulated import Tree, has_table, message, rule_of
from hl7v2_gateway.outbound.wishes import Wishes
from hl7v2_gateway.outbound.writing import Writing

_ACTION: Final = {
    "SIU^S12": "A", "SIU^S13": "U", "SIU^S14": "U", "SIU^S15": "D", "SIU^S17": "D", "SIU^S26": "U",
}  # fmt: skip


class Unsendable(Exception):
    """The message can't be made; it says why, without patient data."""


@dataclass(slots=True)
class _Count:
    """The running numbers of segments and groups."""

    numbers: dict[str, int] = field(default_factory=dict)
    last: str = ""

    def next(self, name: str) -> int:
        # Notes are numbered for each thing that they are about.
        if name == "NTE" and self.last != "NTE":
            self.numbers[name] = 0
        return self.numbers.get(name, 0) + 1

    def take(self, name: str) -> None:
        self.numbers[name] = self.next(name)
        self.last = name


def assembled(
    trigger: Trigger, wishes: Wishes, reader: Reader, *, control_id: str, time: datetime
) -> tuple[Segment, ...]:
    """The segments of the message about a trigger, for a receiver who may see what `reader` reads.

    `time` is when it was written down. Raises Unsendable where the receiver may not see what the
    message can't be without, or where there is no such message.
    """
    event = for_version(trigger.event, wishes)
    tree = message(event, wishes)
    if tree is None:
        raise Unsendable(f"there is no table of {event}")
    writing = _writing(trigger, event, wishes, reader, time)
    focus: Typed = (trigger.focus["resourceType"], trigger.focus, None)
    body = list(_content(tree["content"], focus, writing, _Count()))
    return (header(event, tree["structure"], writing, control_id, time), *body)


def parts(
    foci: Sequence[Resource],
    content: Sequence[Tree],
    event: str,
    wishes: Wishes,
    reader: Reader,
    *,
    time: datetime,
) -> Iterator[Segment]:
    """The segments that some content of a table makes of each of these, numbered throughout."""
    count = _Count()
    for focus in foci:
        writing = _writing(Trigger(event, focus), event, wishes, reader, time)
        yield from _content([*content], (focus["resourceType"], focus, None), writing, count)


def _writing(
    trigger: Trigger, event: str, wishes: Wishes, reader: Reader, time: datetime
) -> Writing:
    names = _names(trigger, event, time)
    names["visit"] = _visit(trigger.focus, reader)
    names["account"] = _account(trigger.focus, reader) if "id" in trigger.focus else None
    return Writing(wishes, reader, names)


def for_version(event: str, wishes: Wishes) -> str:
    """What an event is in the receiver's version: before 2.4 all orders are ORM.

    >>> for_version("OML^O21", Wishes(version="2.3"))
    'ORM^O01'
    """
    for overlay in reversed(wishes.overlays):
        if event in overlay.get("events", {}):
            return str(overlay["events"][event])
    number = wishes.number
    if event == "RDE^O11" and number < (2, 4):
        return "RDE^O01"
    if event in {"OML^O21", "OMG^O19"} and number < (2, 4):
        return "ORM^O01"
    if event == "OMI^O23" and number < (2, 5):
        return "ORM^O01" if number < (2, 4) else "OMG^O19"
    return event


def _names(trigger: Trigger, event: str, time: datetime) -> dict[str, Any]:
    focus = trigger.focus
    return {
        "focus": focus,
        "event": event,
        "trigger": event.partition("^")[2],
        "control": trigger.control,
        "action": _ACTION.get(event),
        "time": time.isoformat(timespec="seconds"),
        "occurred": focus.get("meta", {}).get("lastUpdated"),
        "previous": _previous(trigger),
        "minutes": _minutes(focus),
        "report": None, "order": None, "document": None, "observation": None, "patient": None,
        "resources": None, "header": None,
    }  # fmt: skip


def _content(items: list[Tree], node: Typed, writing: Writing, count: _Count) -> Iterator[Segment]:
    for item in items:
        if not _is_for(item, node, writing):
            continue
        nodes = _nodes(item, node, writing)
        if "where" in item:
            nodes = _are(nodes, item["where"], writing)
        if item.get("only") and len(nodes) > 1:
            nodes = []
        if not nodes and "otherwise" in item:
            yield from _content(item["otherwise"], node, writing, count)
        if item.get("first"):
            nodes = nodes[:1]
        made = 0
        for one in nodes:
            inner = _within(writing, one)
            if "group" in item:
                yield from _group(item, one, inner, count)
                continue
            segment = _segment(item, one, inner, count)
            if segment is not None:
                made += 1
                yield segment
        if item.get("required") and not made:
            raise Unsendable(f"the receiver may see nothing that {item['segment']} could be of")


def _group(item: Tree, node: Typed, writing: Writing, count: _Count) -> Iterator[Segment]:
    name = item.get("as")
    if name:
        count.numbers[name] = count.numbers.get(name, 0) + 1
        writing = replace(writing, names={**writing.names, name: node})
    if not item.get("counts"):
        yield from _content(item["group"], node, writing, count)
        return
    inner = _Count({k: n for k, n in count.numbers.items() if k in {name, "OBR"}})
    yield from _content(item["group"], node, writing, inner)
    count.numbers["OBR"] = inner.numbers.get("OBR", 0)


def _segment(item: Tree, node: Typed, writing: Writing, count: _Count) -> Segment | None:
    name = item["segment"]
    table = item.get("table") or f"{name}[{node[0]}]"
    if not has_table(table, writing.wishes):
        # What says the same of everything, as EVN, has one table.
        table = name
    if not has_table(table, writing.wishes) and node[0] != "Extension":
        return None
    numbers = {**count.numbers, "": count.next(name)}
    segment = filled(name, table, node, writing, numbers)
    if segment is None:
        return None
    count.take(name)
    return segment if "also" not in item else _completed(segment, item, node, writing)


def _completed(segment: Segment, item: Tree, node: Typed, writing: Writing) -> Segment:
    """What the resource itself doesn't say may be said by another: a report's order."""
    for other in writing.found(item["also"], node[0], node[1])[:1]:
        table = f"{segment.name}[{other[0]}]"
        more = filled(segment.name, table, other, _within(writing, other), {})
        if more is not None:
            return Segment(segment.name, {**more.fields, **segment.fields})
    return segment


def _is_for(item: Tree, node: Typed, writing: Writing) -> bool:
    if "since" in item or "until" in item:
        bounds = {k: v for k, v in item.items() if k in {"since", "until"}}
        if not rule_of({"field": "X-1", **bounds}).is_for(writing.wishes):
            return False
    if "when" not in item or "of" in item:
        return True
    found = writing.found(item["when"], node[0], node[1])
    return bool(found) and found[0][1] is True


def _nodes(item: Tree, node: Typed, writing: Writing) -> list[Typed]:
    if "search" in item:
        return _searched(item["search"], node, writing)
    if "of" not in item:
        # What a name stands for in the table is a table of that name, whatever the value is.
        return [node]
    return [n for n in writing.found(item["of"], node[0], node[1]) if n[1] is not None]


def _searched(wanted: Tree, node: Typed, writing: Writing) -> list[Typed]:
    pairs = []
    for parameter, expression in wanted["with"].items():
        found = writing.found(expression, node[0], node[1])
        if not found:
            return []
        pairs.append((parameter, str(found[0][1])))
    return [(wanted["type"], r, None) for r in writing.reader.search(wanted["type"], pairs)]


def _are(nodes: list[Typed], expression: str, writing: Writing) -> list[Typed]:
    """Those for which it holds."""
    found = []
    for node in nodes:
        held = writing.found(expression, node[0], node[1])
        if held and held[0][1] is True:
            found.append(node)
    return found


def _within(writing: Writing, node: Typed) -> Writing:
    """Elements know the resource that they are in, for what it contains."""
    if isinstance(node[1], dict) and "resourceType" in node[1]:
        return replace(writing, names={**writing.names, "within": node[1]})
    return writing


def _visit(focus: Resource, reader: Reader) -> Resource | None:
    if focus["resourceType"] == "Encounter":
        return focus
    for name in ("encounter", "context"):
        reference = focus.get(name, {}).get("reference", "")
        if reference.startswith("Encounter/"):
            return reader.read(reference)
    return None


def _account(focus: Resource, reader: Reader) -> Resource | None:
    """The account that what the patient gets is charged to (PID-18)."""
    named = [focus.get(name) for name in ("subject", "patient")]
    named += [p.get("actor") for p in focus.get("participant", ()) if "individual" not in p]
    patient = next(
        (n["reference"] for n in named if n and "Patient/" in n.get("reference", "")), ""
    )
    if focus["resourceType"] == "Patient":
        patient = f"Patient/{focus['id']}"
    if not patient.startswith("Patient/"):
        return None
    found = reader.search("Account", [("patient", patient), ("status", "active")])
    return found[-1] if len(found) == 1 else None


def _previous(trigger: Trigger) -> Any:
    """Where the patient was before."""
    places = [] if trigger.before is None else trigger.before.get("location", [])
    current = [p for p in places if p.get("status", "active") == "active"]
    return ("Reference", current[-1]["location"], None) if current else None


def _minutes(focus: Mapping[str, Any]) -> int | None:
    if focus.get("minutesDuration") is not None:
        return int(focus["minutesDuration"])
    if focus["resourceType"] != "Appointment" or not (focus.get("start") and focus.get("end")):
        return None
    start, end = (datetime.fromisoformat(focus[name]) for name in ("start", "end"))
    return int((end - start).total_seconds() // 60)
