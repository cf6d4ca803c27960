"""What a row of the tables makes of a value, worked out from the printed tables alone.

A second reading of the tables, in the plainest way: a data type's rows say which component goes to
which element, a vocabulary map which code stands for which, and texts, dates and numbers are
rewritten as FHIR writes them. Nothing here imports what interprets the tables; where this reading
can't tell (free prose, arithmetic, lists of alternatives) it expects nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from hl7v2_gateway import mapping

FOLDER: Final = Path(mapping.__file__).parent
_TIME: Final = re.compile(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?([+-]\d\d)?(\d\d)?")
# Types of v2 that have no parts.
_PLAIN: Final = frozenset({"ST", "ID", "IS", "NM", "SI", "TX", "FT", "DT", "TM", "DTM", "TS", ""})
_EXPECTED: Final = ("string", "code", "markdown", "id", "date", "dateTime", "decimal", "positiveInt",
                    "integer", "unsignedInt", "boolean", "time")  # fmt: skip
_SAME: Final = {"EI[Identifier]": "EI[Identifier-Extension]"}
_SYSTEMS: Final = {"L": "urn:id:L", "UCUM": "http://unitsofmeasure.org", "LN": "http://loinc.org"}

Expected = tuple[str, str]
"""A path below the row's target, and a value that must be there."""


def _read(folder: str, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((FOLDER / folder / f"{name}.json").read_bytes())
    return found


_MAPS: Final = {k.lower(): (k, v) for k, v in _read("tables", "datatypes")["maps"].items()}
_DECIDED: Final = _read("overlay", "datatypes")
_CODES: Final = _read("tables", "vocabularies")["maps"]
_MORE_CODES: Final = _read("overlay", "vocabularies")["maps"]


def of_row(row: Mapping[str, Any], text: str) -> list[Expected]:
    """What a row of a segment map makes of a field, or of its component, with this text."""
    constant = row.get("constant")
    if constant is not None:
        return _constant(constant)
    component = row["from"].partition("-")[2].partition(".")[2] if "-" in row["from"] else ""
    if component:
        text = _part(text, component)
    source = row.get("type") or str(row.get("as", "")).partition("[")[0]
    target = _target(row) or ("dateTime" if source in ("DTM", "TS") else "")
    name = str(row.get("as") or (f"{source}[{target}]" if target else ""))
    return list(_made(name, source, target, text, row.get("codes", "")))


def of_component(row: Mapping[str, Any], text: str) -> list[Expected]:
    """What a row of a data type map makes of a value of that type."""
    return list(_component(row, text))


def _made(name: str, source: str, target: str, text: str, codes: str) -> Iterator[Expected]:
    official = _MAPS.get(_SAME.get(name, name).lower())
    if official is None or official[0] in _DECIDED["whole"]:
        plain = _plain(target or name.partition("[")[2].rstrip("]"), source, text, codes)
        if plain is not None:
            yield "", plain
        return
    for row in official[1]:
        if f"{official[0]}.{row['row']}" in _DECIDED["rows"] or "unreadable" in row:
            continue
        if row.get("if") and not holds(row["if"], text):
            continue
        yield from _component(row, text, codes)


def _component(row: Mapping[str, Any], text: str, codes: str = "") -> Iterator[Expected]:
    path = _path(row["to"])
    value = _part(text, row["from"].partition(".")[2])
    if path is None or not value:
        return
    if row.get("constant") is not None:
        yield from ((path, v) for _, v in _constant(row["constant"]))
        return
    last = path.rpartition(".")[2]
    whose = row.get("codes") or (codes if last in ("code", "") else "")
    target = _target(row)
    if last == "system" or (path == "" and target in ("uri", "url")):
        if value in _SYSTEMS:
            yield path, _SYSTEMS[value]
        return
    source = row.get("type", "")
    inner = str(row.get("as") or (f"{source}[{target}]" if target else ""))
    for below, found in _made(inner, source, target, value.replace("&", "^"), whose):
        # `family` from FN's `family`, a line of an address from SAD's: said once.
        yield (path if path and path == below else f"{path}.{below}".strip(".")), found


def _target(row: Mapping[str, Any]) -> str:
    """The FHIR type that a row names; of extensions and choices the path says it."""
    target = str(row.get("target", ""))
    of_choice = re.search(r"value([A-Z]\w+)$", row["to"])
    if of_choice:
        word = of_choice.group(1)
        target = word[0].lower() + word[1:]
        if target not in _EXPECTED:
            target = word
    if not target and row.get("as"):
        target = str(row["as"]).partition("[")[2].rstrip("]").partition("-")[0]
    return {"DateTime": "dateTime", "Code": "code", "Boolean": "boolean"}.get(target, target)


def _plain(target: str, source: str, text: str, codes: str) -> str | None:
    """A value without parts, as FHIR writes it."""
    first = text.split("^", maxsplit=1)[0].split("&", maxsplit=1)[0]
    if source not in _PLAIN and source not in ("CWE", "CE", "CX", "EI", "*"):
        return None
    if target in ("CodeableConcept", "Coding", "Quantity", "Reference"):
        return None
    if codes:
        known = _vocabulary(codes)
        if not known:
            return None
        first = known.get(first, first)
    if target in ("string", "markdown", "code", "id"):
        if source in ("CWE", "CE") and target != "code":
            return None
        return first
    if target in ("date", "dateTime", "instant"):
        return _time(first, target)
    if target in ("decimal", "positiveInt", "integer", "unsignedInt"):
        return first if re.fullmatch(r"\d+(\.\d+)?", first) else None
    if target == "boolean":
        return {"Y": "True", "N": "False"}.get(first)
    return None


def _time(text: str, target: str) -> str | None:
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, zone, rest = found.groups()
    date = "-".join(p for p in (year, month, day) if p)
    if target == "date" or hour is None:
        return date
    return f"{date}T{hour}:{minute or '00'}:{second or '00'}{zone}:{rest}" if zone else None


def _vocabulary(name: str) -> Mapping[str, str]:
    """Code to code of a vocabulary map, ours over the published."""
    wanted = re.sub(r"[^a-z0-9\[\]]", "", name.lower())
    found: dict[str, str] = {}
    for key, rows in _CODES.items():
        if re.sub(r"[^a-z0-9\[\]]", "", key.lower()) == wanted:
            found.update({row[0]: row[1] for row in rows})
    for key, codes in _MORE_CODES.items():
        if re.sub(r"[^a-z0-9\[\]]", "", key.lower()) == wanted:
            found.update({c: t[0] for c, t in codes.items() if c and t})
    return found


def _constant(constant: Any) -> list[Expected]:
    text = str(constant)
    if text.startswith('"') and text.endswith('"') and text.count('"') == 2:
        text = text[1:-1].strip()
    if not re.fullmatch(r"\w[\w:/.\- ]*", text) or re.match(r"[A-Z]{2,3}\.\d", text):
        return []  # arithmetic or prose
    return [("", {"true": "True", "false": "False"}.get(text, text))]


def _path(text: str) -> str | None:
    """A path inside a data type without its labels; None where it leaves the type."""
    text = re.sub(r"\[[\w-]*[\]}]?", "", text).strip(".}")
    text = re.sub(r"^[A-Z]\w+\.", "", text)
    if text in ("$value", "$this"):
        return ""
    if any(c in text for c in "(+?:=@") or "extension" in text:
        return None
    return text


def _part(text: str, place: str) -> str:
    """`3` or `1.2` of a repetition."""
    number, _, sub = place.partition(".")
    if not number.isdigit():
        return ""
    parts = text.split("^")
    found = parts[int(number) - 1] if int(number) <= len(parts) else ""
    if sub.isdigit():
        pieces = found.split("&")
        return pieces[int(sub) - 1] if int(sub) <= len(pieces) else ""
    return found


def holds(condition: list[Any], text: str) -> bool:
    """Whether a condition on components holds; one that asks for more does not."""
    word, *rest = condition
    if word == "not":
        inner = rest[0]
        return _about(inner) and not holds(inner, text)
    if word == "and":
        return all(holds(r, text) for r in rest)
    if word == "or":
        return any(holds(r, text) for r in rest)
    if not _about(condition):
        return False
    value = _part(text, rest[0][1:])
    if word == "valued":
        return bool(value)
    return word == "in" and value in rest[1]


def _about(condition: list[Any]) -> bool:
    word, *rest = condition
    if word in ("not", "and", "or"):
        return all(_about(r) for r in rest)
    return isinstance(rest[0], str) and re.fullmatch(r"\.[1-9]\d*", rest[0]) is not None
