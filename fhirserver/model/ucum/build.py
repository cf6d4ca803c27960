"""`python -m fhirserver.model.ucum.build ucum-essence.xml`: makes `units.tsv` of UCUM's own file.

The file is the UCUM organisation's; its licence lets a program carry codes, values and units as
they are, with the notice in UCUM_short_license.txt.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

from fhirserver.model.ucum.table import COLUMNS, FILE

_NAMESPACE = "{http://unitsofmeasure.org/ucum-essence}"


def rows(file: Path) -> Iterator[tuple[str, ...]]:
    """A row for each prefix, base unit and unit, in the file's order."""
    root = ET.parse(file).getroot()  # noqa: S314 - a developer's own copy of UCUM's file
    yield ("version", root.attrib["version"], "", "", "", "", "", "")
    for entry in root:
        kind = entry.tag.removeprefix(_NAMESPACE)
        if kind not in ("prefix", "base-unit", "unit"):
            continue
        name = entry.findtext(f"{_NAMESPACE}name") or ""
        about = entry.findtext(f"{_NAMESPACE}property") or ""
        value = entry.find(f"{_NAMESPACE}value")
        given = {} if value is None else dict(value.attrib)
        special = None if value is None else value.find(f"{_NAMESPACE}function")
        if special is not None:
            given = dict(special.attrib)
        flags = "".join(
            letter
            for letter, attribute in (("m", "isMetric"), ("a", "isArbitrary"), ("s", "isSpecial"))
            if entry.get(attribute) == "yes"
        )
        if kind == "base-unit":
            flags = "m"
        yield (
            kind,
            entry.attrib["Code"],
            flags,
            given.get("value", ""),
            given.get("Unit", ""),
            given.get("name", ""),
            " ".join(name.split()),
            " ".join(about.split()),
        )


def main() -> int:
    """Write the table."""
    lines = ["\t".join(COLUMNS), *("\t".join(row) for row in rows(Path(sys.argv[1])))]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
