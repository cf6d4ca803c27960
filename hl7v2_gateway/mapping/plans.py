"""The message maps: which segment, in which group, makes or completes which resource.

A plan is the official message map (or one of ours, `overlay/messages.json`) as slots in the order
of the structure. `Patient[1]` is a label: all rows with it speak of one resource, as long as the
group in which it was made goes on.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hl7v2_gateway.mapping.conditions import Condition, Test, compiled, parse
from hl7v2_gateway.mapping.overlays import Overlay
from hl7v2_gateway.mapping.paths import Path, resolved
from hl7v2_gateway.mapping.rules import Rules, rules
from hl7v2_gateway.mapping.vocabulary import loaded

_REFERENCE: Final = re.compile(r"([A-Za-z]+(?:\[[^\]]*\])?)\.?(.*?)\s*=\s*(.+)")
_LABEL: Final = re.compile(r"([A-Za-z]+)(\[[^\]]*\])?(?:\.(.+)|\((.+)\))?")


@dataclass(frozen=True, slots=True)
class Link:
    """`Encounter[1].subject = Patient[1]`."""

    source: str
    path: Path
    target: str


@dataclass(frozen=True, slots=True)
class Action:
    """One row: if its condition holds, these rules fill the resource with this label."""

    id: str
    test: Test | None
    label: str
    type: str
    rules: Rules
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a segment: its groups from the outermost, and what it makes there."""

    order: int
    segment: str
    groups: tuple[str, ...]
    repeats: bool
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A message structure; `homes` says in which groups a label's resource lives, `owners` in
    which slot a repeated segment makes a new one."""

    structure: str
    slots: tuple[Slot, ...]
    by_segment: Mapping[str, tuple[Slot, ...]]
    homes: Mapping[str, tuple[str, ...]]
    owners: Mapping[str, int]


def structures() -> list[str]:
    """All structures that there are plans for."""
    return sorted({*loaded("tables", "messages")["maps"], *_overlay()["structures"]})


@functools.lru_cache(maxsize=2_000)
def plan(structure: str, overlays: tuple[Overlay, ...] = ()) -> Plan | None:
    """The plan of a message structure, None when there is none."""
    found = rows(structure)
    if not found:
        return None
    for overlay in overlays:
        found.extend(_slots(overlay))
    slots: list[Slot] = []
    for row in found:
        if "drop" in row:
            continue
        slots.append(_slot(len(slots), row, overlays))
    return _planned(structure, _joined(slots))


def rows(structure: str) -> list[dict[str, Any]]:
    """The rows of a structure after the overlay."""
    over = _overlay()
    own = over["structures"].get(structure)
    if own is not None:
        return list(_own(structure, own))
    official = loaded_messages().get(structure)
    if official is None:
        return []
    found = []
    for row in official:
        changed = _changed(structure, row, over)
        found.append(changed)
        found.extend(_more(structure, changed, over))
    found.extend(
        {**row, "row": f"m{row['row']}"} for row in _own(structure, over["more"].get(structure, ()))
    )
    return found


@functools.cache
def loaded_messages() -> Mapping[str, list[dict[str, Any]]]:
    """The official message maps."""
    found: Mapping[str, list[dict[str, Any]]] = loaded("tables", "messages")["maps"]
    return found


@functools.cache
def _overlay() -> Mapping[str, Any]:
    found: Mapping[str, Any] = loaded("overlay", "messages")
    return found


def _slots(overlay: Overlay) -> Iterable[dict[str, Any]]:
    """Where a sender's own segments belong: at the end, for they come wherever they like."""
    for segment, listed in overlay.slots.items():
        for number, (target, name, references, *condition) in enumerate(listed, 1):
            yield {
                "row": f"{overlay.name}.{number}",
                "place": segment,
                "syntax": "",
                "groups": [],
                "segment": segment,
                "repeats": True,
                "target": target,
                "map": name,
                "references": references,
                **({"if": parse(condition[0])} if condition else {}),
            }


def _changed(structure: str, row: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """An official row with the changes of the overlay: by its map, then by itself."""
    changed = dict(row)
    name = row.get("map", "")
    if not name:
        groups, segment = _place(row)
        own = over["empty"].get(segment, {})
        found = own.get(groups[-1] if groups else "", own.get("*"))
        if found:
            changed["target"], changed["map"], changed["references"] = found
            changed.pop("if", None)
            return changed
    if "target" in row and not name:
        changed["drop"] = "no segment map is named"
    for source in (over["maps"].get(name), over["rows"].get(structure, {}).get(str(row["row"]))):
        for key, value in (source or {}).items():
            changed[key] = parse(value) if key == "if" and value else value
            changed.pop("unreadable", None)
    if row["place"].startswith("/") or row["syntax"].startswith("}"):
        changed["drop"] = "the end of a group"
    return changed


def _more(
    structure: str, row: Mapping[str, Any], over: Mapping[str, Any]
) -> Iterable[dict[str, Any]]:
    """Rows of ours that stand beside every official row with a map."""
    if "drop" in row:
        return
    for n, (target, name, references, *condition) in enumerate(
        over["beside"].get(row.get("map", ""), ()), 1
    ):
        yield {
            "row": f"{row['row']}.o{n}",
            "place": row["place"],
            "syntax": row["syntax"],
            "repeats": row.get("repeats", False),
            "target": target,
            "map": name,
            "references": references,
            **({"if": parse(condition[0])} if condition else {}),
        }


def _own(structure: str, own: Iterable[Any]) -> Iterable[dict[str, Any]]:
    """Rows of a structure of ours: `[place, target, map, references, condition?]`, or
    `{"use": structure, "segments": [...], "under": group, "from": group}` for rows that exist."""
    number = 0
    for item in own:
        if isinstance(item, dict):
            wanted = item.get("segments")
            leave = item.get("except", ())
            for row in rows(item["use"]):
                groups, segment = _place(row)
                if "from" in item and item["from"] not in groups:
                    continue
                if "from" not in item and "segments" not in item and groups:
                    continue
                if (wanted and segment not in wanted) or segment in leave or "drop" in row:
                    continue
                if "from" in item:
                    groups = groups[groups.index(item["from"]) + 1 :]
                under = tuple(item["under"].split(".")) if item.get("under") else ()
                yield {**row, "groups": [*under, *groups], "segment": segment}
            continue
        number += 1
        place, *rest = item
        *groups_, segment_ = place.split(".")
        row = {
            "row": f"o{number}",
            "place": place,
            "syntax": "",
            "groups": groups_,
            "segment": segment_.rstrip("*"),
            "repeats": segment_.endswith("*"),
        }
        if rest:
            row["target"], row["map"], row["references"] = (
                rest[0],
                rest[1],
                rest[2] if len(rest) > 2 else "",
            )
            if len(rest) > 3:
                row["if"] = parse(rest[3])
        yield row


def _place(row: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    if "groups" in row:
        return tuple(row["groups"]), row["segment"]
    place = re.sub(r":follow:[A-Z0-9]+", "", row["place"])
    for wrong, right in _overlay()["places"].items():
        if place.startswith(f"{wrong}."):
            place = right + place.removeprefix(wrong)
    _, *groups, segment = place.split(".")
    return tuple(groups), segment


def _slot(order: int, row: Mapping[str, Any], overlays: tuple[Overlay, ...]) -> Slot:
    groups, segment = _place(row)
    actions: tuple[Action, ...] = ()
    if row.get("target"):
        actions = (_action(segment, row, overlays),)
    return Slot(
        order, segment, tuple(g.rstrip("*") for g in groups), bool(row.get("repeats")), actions
    )


def _action(segment: str, row: Mapping[str, Any], overlays: tuple[Overlay, ...]) -> Action:
    label = row["target"].split("=")[0].strip()
    found = _LABEL.fullmatch(label)
    if found is None:
        raise ValueError(f"{row['place']}: {label}")
    kind = found.group(1)
    name = f"{kind}{found.group(2) or ''}"
    condition: Condition | None = row.get("if")
    map_ = row["map"] if "[" in row["map"] else f"{row['map']}[{kind}]"
    return Action(
        f"{row['place'].split('.')[0]}.{row['row']}",
        compiled(condition, segment, 0) if condition else None,
        name,
        kind,
        rules(map_, kind, overlays),
        tuple(_links(row.get("references", ""))),
    )


def _links(text: str) -> Iterable[Link]:
    for part in re.split(r"[;\n]", text):
        found = _REFERENCE.fullmatch(part.strip())
        if found is None:
            continue
        source, path, target = (g.strip() for g in found.groups())
        path = re.sub(r"\.(reference|id)(?=\)?$)", "", path).strip(".")
        target = re.sub(r"\.(reference|id)$", "", target)
        if target.startswith('"') or not path:
            continue
        yield Link(source, resolved(source.partition("[")[0], path), target)


def _joined(slots: list[Slot]) -> list[Slot]:
    """Rows about one segment in one place are one slot."""
    found: list[Slot] = []
    for slot in slots:
        same = found[-1] if found else None
        if same and same.segment == slot.segment and same.groups == slot.groups:
            found[-1] = Slot(
                same.order,
                same.segment,
                same.groups,
                same.repeats or slot.repeats,
                same.actions + slot.actions,
            )
        else:
            found.append(Slot(len(found), slot.segment, slot.groups, slot.repeats, slot.actions))
    return found


def _planned(structure: str, slots: list[Slot]) -> Plan:
    homes: dict[str, tuple[str, ...]] = {}
    owners: dict[str, int] = {}
    by_segment: dict[str, list[Slot]] = {}
    for slot in slots:
        by_segment.setdefault(slot.segment, []).append(slot)
        for action in slot.actions:
            home = homes.get(action.label)
            homes[action.label] = slot.groups if home is None else _common(home, slot.groups)
            owners.setdefault(action.label, slot.order)
    return Plan(
        structure, tuple(slots), {k: tuple(v) for k, v in by_segment.items()}, homes, owners
    )


def _common(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    shared = []
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        shared.append(x)
    return tuple(shared)
