"""Holds the UCUM module against UCUM's own definitions, `ucum-essence.xml`.

    .venv/bin/python -m conformance.ucum.run

Every unit is read, alone and with every prefix that it may have, and is as large as the file says;
the file is `../shared/data/ucum` 2.0.1, the server's own table is of version 2.2. A case that
differs is in `expected_failures.json` with its reason; a new failure and a new pass both end the
run with status 1. What the file doesn't define in numbers (special units) has its known points in
`tests/model/ucum`, where an independent library is asked too.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from conformance.verdict import is_verbose, verdict
from fhirserver.model import ucum

HERE = Path(__file__).parent
SUITE = HERE.parents[2] / "shared" / "data" / "ucum" / "ucum-essence.xml"
EXPECTED = HERE / "expected_failures.json"
NAMESPACE = "{http://unitsofmeasure.org/ucum-essence}"


def results() -> Iterator[tuple[str, str | None]]:
    """Each case's name, and what is wrong; None if nothing is."""
    root = ET.parse(SUITE).getroot()
    prefixes = {
        p.attrib["Code"]: Fraction(p.find(f"{NAMESPACE}value").attrib["value"])  # type: ignore[union-attr]
        for p in root.iter(f"{NAMESPACE}prefix")
    }
    for base in root.iter(f"{NAMESPACE}base-unit"):
        code = base.attrib["Code"]
        unit = ucum.parse(code)
        right = unit is not None and (unit.factor, unit.code) == (1, code)
        yield f"{code} is a base unit", None if right else f"gave {unit}"
        yield from _prefixed(code, prefixes)
    for defined in root.iter(f"{NAMESPACE}unit"):
        yield from _defined(defined, prefixes)


def _defined(
    defined: ET.Element, prefixes: dict[str, Fraction]
) -> Iterator[tuple[str, str | None]]:
    code = defined.attrib["Code"]
    value = defined.find(f"{NAMESPACE}value")
    assert value is not None
    unit = ucum.parse(code)
    yield f"{code} is read", None if unit else "isn't known"
    if unit is None:
        return
    yield f"{code} has a name", None if ucum.display(code) else "has none"
    if defined.get("isSpecial") == "yes":
        function = value.find(f"{NAMESPACE}function")
        assert function is not None
        below = function.attrib["Unit"]
        yield f"{code} measures what {below} does", _unless(ucum.comparable(code, below))
    elif defined.get("isArbitrary") == "yes":
        yield f"{code} compares with no number", _unless(not ucum.comparable(code, "1"))
    else:
        below, size = value.attrib["Unit"], Fraction(value.attrib["value"])
        other = ucum.parse(below)
        right = (
            other is not None
            and unit.dimensions == other.dimensions
            and unit.factor == size * other.factor
        )
        yield f"{code} is {value.attrib['value']} {below}", _unless(right)
    if defined.get("isMetric") == "yes":
        yield from _prefixed(code, prefixes)
    else:
        # da + rk reads like d + ark: only what isn't a unit in another way is refused.
        found = ucum.parse(f"Y{code}")
        yield f"{code} takes no prefix", _unless(found is None)


def _prefixed(code: str, prefixes: dict[str, Fraction]) -> Iterator[tuple[str, str | None]]:
    unit = ucum.parse(code)
    assert unit is not None
    for prefix, factor in prefixes.items():
        found = ucum.parse(prefix + code)
        right = found is not None and found.dimensions == unit.dimensions
        if found is not None and unit.function:
            right = right and found.scale == unit.scale * factor
        elif found is not None:
            right = right and found.factor == unit.factor * factor
        yield f"{prefix}{code} is {code} with a prefix", _unless(right)


def _unless(right: bool) -> str | None:
    return None if right else "it isn't so"


def main() -> int:
    """Run the suite and return the exit status."""
    verbose = is_verbose(__doc__)
    if not SUITE.exists():
        print(f"{SUITE} is not at hand")
        return 1
    return verdict(dict(results()), EXPECTED, "hold", verbose=verbose)


if __name__ == "__main__":
    sys.exit(main())
