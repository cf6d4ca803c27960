"""`python -m hl7v2_gateway.mapping.compiling MAPPINGS`: `tables/` from the published CSV files."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from hl7v2_gateway.mapping.compiling import official

TABLES: Final = Path(__file__).parent.parent / "tables"
SOURCE: Final = {
    "source": "https://github.com/HL7/v2-to-fhir, version 1.0.0 (STU 1), commit 8c9b414b",
    "licence": "CC0-1.0 (guide), Apache-2.0 (repository)",
}


def main(arguments: list[str]) -> int:
    """Compile every table of the folder."""
    folder = Path(arguments[0])
    _write("segments", official.segments(folder / "segments"))
    _write("datatypes", official.segments(folder / "datatypes"))
    _write("messages", official.messages(folder / "messages"))
    _write("vocabularies", official.vocabularies(folder / "codesystems"))
    return 0


def _write(name: str, maps: dict[str, Any]) -> None:
    """One row a line, so that a difference between two versions of the tables can be read."""
    lines = [f'"{key}": {json.dumps(value, ensure_ascii=False)},' for key, value in SOURCE.items()]
    groups = []
    for key, rows in maps.items():
        items = (
            rows if isinstance(rows, list) else [[code, *target] for code, target in rows.items()]
        )
        body = ",\n".join(json.dumps(item, ensure_ascii=False) for item in items)
        groups.append(f"{json.dumps(key)}: [\n{body}\n]")
    text = "{\n" + "\n".join(lines) + '\n"maps": {\n' + ",\n".join(groups) + "\n}}\n"
    (TABLES / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
