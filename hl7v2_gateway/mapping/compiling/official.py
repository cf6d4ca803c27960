"""Reads the CSV files of the HL7 v2-to-FHIR implementation guide into rows of our own form.

Source: https://github.com/HL7/v2-to-fhir (repository Apache-2.0, content of the guide CC0-1.0).
A row is named after its map and its line in the file (`PID[Patient].16`), so that a value made from
it can be traced to the published table.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from hl7v2_gateway.mapping.conditions import Unreadable, parse

Row = dict[str, Any]
_NAME: Final = re.compile(r"_ ?(\S.*?) - [^-]*\.csv$")


def maps(folder: Path) -> Iterator[tuple[str, list[tuple[int, list[str]]]]]:
    """Each map's name with its lines and their numbers, the two header lines left out."""
    for file in sorted(folder.glob("*.csv")):
        found = _NAME.search(file.name)
        if found is None:
            continue
        with file.open(encoding="utf-8", newline="") as text:
            lines = [[cell.strip() for cell in line] + [""] * 20 for line in csv.reader(text)]
        yield found.group(1), list(enumerate(lines))[2:]


def segments(folder: Path) -> dict[str, list[Row]]:
    """The segment (or data type) maps: the rows that have a target."""
    found: dict[str, list[Row]] = {}
    for name, lines in maps(folder):
        rows = found.setdefault(name, [])
        for number, c in lines:
            to = c[9] or c[10]
            if not to:
                continue
            row: Row = {"row": number, "from": c[1], "name": c[2], "type": c[3]}
            if c[5] == "-1":
                row["repeats"] = True
            _conditions(row, c[6], c[8])
            row["to"] = to if c[9] else f"+{to}"
            for key, cell in (("as", c[14]), ("codes", c[15]), ("constant", c[16])):
                if cell:
                    row[key] = cell
            if c[11]:
                row["target"] = c[11]
            rows.append(row)
    return found


def messages(folder: Path) -> dict[str, list[Row]]:
    """The message maps: every line, because the lines without a target make the structure."""
    found: dict[str, list[Row]] = {}
    for name, lines in maps(folder):
        rows = found.setdefault(name, [])
        for number, c in lines:
            if not c[1]:
                continue
            row: Row = {"row": number, "place": c[1], "syntax": c[2]}
            if c[5] == "-1":
                row["repeats"] = True
            _conditions(row, c[6], c[8])
            for key, cell in (("target", c[9]), ("map", c[10]), ("references", c[11])):
                if cell:
                    row[key] = cell
            rows.append(row)
    return found


def vocabularies(folder: Path) -> dict[str, dict[str, list[str]]]:
    """The vocabulary maps: code to [code, system, display] of the target."""
    found: dict[str, dict[str, list[str]]] = {}
    for name, lines in maps(folder):
        codes = found.setdefault(name, {})
        for _, c in lines:
            if c[0] and c[6] and c[0] not in codes:
                codes[c[0]] = [c[6], c[9], c[8], c[2]]
    return found


def _conditions(row: Row, computable: str, narrative: str) -> None:
    if computable:
        try:
            row["if"] = parse(computable)
        except Unreadable:
            row["unreadable"] = computable
    if narrative:
        row["narrative"] = narrative
