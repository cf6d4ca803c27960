"""Converts HL7's published examples between JSON and XML, both ways, without loss.

    .venv/bin/python -m conformance.xml.run             # the count, and what is unexpected
    .venv/bin/python -m conformance.xml.run --verbose   # also what is expected to fail

Three things hold for each file of `../shared/data/r4-examples` and `../shared/data/fhir-test-cases-r4`:

- JSON -> XML -> JSON gives the same value, digit by digit, and the same narrative, byte by byte;
- XML -> JSON -> XML -> JSON too;
- where a resource is published in both forms, reading either gives the same. Only that is left out
  here which HL7's own conversion changed: `meta` of the outermost resource (its JSON has a tag
  HTEST), zeros at the end of a decimal (its JSON lost them), and how a narrative is written.

`expected_failures.json` gives a reason for each file that fails; a failure that is missing there,
and a file that passes in spite of it, both end the run with status 1.
"""

from __future__ import annotations

import re
import sys
import tarfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any, Final
from xml.etree import ElementTree as ET

from conformance.verdict import is_verbose, verdict
from fhirserver.errors import FhirError
from fhirserver.model import json, xml

HERE: Final = Path(__file__).parent
DATA: Final = HERE.parents[2] / "shared" / "data"
EXPECTED: Final = HERE / "expected_failures.json"
ARCHIVES: Final = ("instances", "json-xml-officialnames")


def files() -> Iterator[tuple[str, bytes]]:
    """Name and content of every file, JSON and XML."""
    for archive in ARCHIVES:
        with tarfile.open(DATA / f"r4-examples/r4-examples-{archive}.tar.xz") as members:
            for member in members:
                content = members.extractfile(member)
                if content is not None:
                    yield f"{archive}/{PurePosixPath(member.name).name}", content.read()
    folder = DATA / "fhir-test-cases-r4"
    for path in sorted([*folder.glob("*.*"), *(folder / "examples").glob("*.*")]):
        if path.suffix in {".json", ".xml"}:
            yield f"{path.parent.name}/{path.name}", path.read_bytes()


def failures(limit: int | None = None) -> Iterator[tuple[str, str | None]]:
    """Every file with what is wrong with it, or None."""
    first: dict[str, Any] = {}
    for number, (name, content) in enumerate(files()):
        if number == limit:
            return
        stem, _, ending = name.rpartition(".")
        try:
            value = read(content, ending)
            wrong = difference(value, xml.read(xml.write(value)))
        except FhirError as error:
            yield name, f"{error} {error.issues[0].expression or ''}"
            continue
        if stem in first and wrong is None:
            wrong = difference(comparable(first.pop(stem)), comparable(value))
            yield name, None if wrong is None else f"isn't what the other form has: {wrong}"
            continue
        first[stem] = value
        yield name, wrong


def read(content: bytes, ending: str) -> Any:
    return json.parse_object(content) if ending == "json" else xml.read(content)


def difference(one: Any, other: Any, path: str = "") -> str | None:
    """Where two values differ first; decimals differ when their digits do."""
    if isinstance(one, dict) and isinstance(other, dict):
        if one.keys() != other.keys():
            return f"{path}: {sorted(one.keys() ^ other.keys())}"
        pairs = [(f"{path}.{k}", v, other[k]) for k, v in one.items()]
    elif isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return f"{path}: {len(one)} or {len(other)}"
        pairs = [(f"{path}[{i}]", a, b) for i, (a, b) in enumerate(zip(one, other, strict=True))]
    else:
        return None if str(one) == str(other) else f"{path}: {one!s:.60} or {other!s:.60}"
    return next((d for p, a, b in pairs if (d := difference(a, b, p))), None)


def comparable(resource: Any) -> Any:
    """What HL7's two forms of a resource should have in common."""
    return {k: common(k, v) for k, v in resource.items() if k != "meta"}


def common(key: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {k: common(k, v) for k, v in value.items()}
    if isinstance(value, list):
        return [common(key, v) for v in value]
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return Decimal(value).normalize()
    if key == "div":
        return re.sub(r"\s+", "", ET.canonicalize(value))
    return value


def main() -> int:
    """Run everything; 0 if exactly the expected files fail."""
    verbose = is_verbose(__doc__)
    what = "files are the same in JSON and XML"
    return verdict(dict(failures()), EXPECTED, what, verbose=verbose)


if __name__ == "__main__":
    sys.exit(main())
