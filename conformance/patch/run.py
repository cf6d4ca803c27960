"""Runs HL7's patch tests for R4: FHIRPath Patch, JSON Patch and XML Patch.

    .venv/bin/python -m conformance.patch.run             # the count, and what is unexpected
    .venv/bin/python -m conformance.patch.run --verbose   # every failure

The tests are https://github.com/FHIR/fhir-test-cases r4/patch (Apache-2.0). Each case gives the
expected document or says that an error is expected; of errors the text is not compared.
`expected_failures.json` gives a reason for each case that fails; a failure that is missing there,
and a case that passes in spite of it, both end the run with status 1.
"""

from __future__ import annotations

import json as plain_json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from lxml import etree

from conformance.verdict import is_verbose, verdict
from fhirserver.errors import FhirError
from fhirserver.fhirpath import patch as fhirpath_patch
from fhirserver.model import json_patch, xml, xml_patch

HERE: Final = Path(__file__).parent
DATA: Final = HERE.parents[2] / "shared" / "data" / "fhir-test-cases-r4" / "patch"
EXPECTED: Final = HERE / "expected_failures.json"
_PARSER: Final = etree.XMLParser(resolve_entities=False, no_network=True)


def failures() -> Iterator[tuple[str, str | None]]:
    """Every case with what is wrong with our answer, or None."""
    for name, wanted, act in (*fhirpath_cases(), *json_cases(), *xml_cases()):
        try:
            found = act()
        except FhirError as error:
            yield name, None if wanted is None else f"refused: {error}"
            continue
        if wanted is None:
            yield name, f"should be refused, gave {found!s:.200}"
        else:
            yield name, None if found == wanted else f"gave {found!s:.300}, not {wanted!s:.300}"


Cases = Iterator[tuple[str, Any, Callable[[], Any]]]
"""Name, what must come out (None: an error), and how to find what does."""


def fhirpath_cases() -> Cases:
    for case in etree.parse(DATA / "fhir-patch-tests.xml", _PARSER).getroot().iter("case"):
        resource, patch = resource_in(case, "input"), resource_in(case, "diff")
        wanted = None if case.find("output") is None else resource_in(case, "output")
        yield (
            f"fhirpath/{case.get('name')}",
            without_spaces(wanted),
            lambda r=resource, p=patch: without_spaces(fhirpath_patch.apply(r, p)),
        )


def resource_in(case: Any, name: str) -> Any:
    return xml.read(etree.tostring(case.find(name)[0], with_tail=False))


def without_spaces(value: Any) -> Any:
    """Narratives are indented as their files are."""
    if isinstance(value, dict):
        return {
            k: re.sub(r"\s+", "", v).replace("&quot;", '"') if k == "div" and isinstance(v, str)
            else without_spaces(v)
            for k, v in value.items()
        }  # fmt: skip
    return [without_spaces(v) for v in value] if isinstance(value, list) else value


def json_cases() -> Cases:
    text = (DATA / "json-patch-tests.json").read_text()
    # One value is a JavaScript string: its apostrophes are not JSON.
    text = re.sub(r":\s*'([^'\n]*)'", lambda m: ": " + plain_json.dumps(m[1]), text)
    for case in plain_json.loads(text, strict=False):
        yield (
            f"json/{case['comment']}",
            None if "error" in case else case["expected"],
            lambda c=case: json_patch.apply(c["doc"], c["patch"]),
        )


def xml_cases() -> Cases:
    for case in etree.parse(DATA / "xml-patch-tests.xml", _PARSER).getroot().iter("case"):
        target, patch = case.find("target"), case.find("{*}patch")
        document = etree.tostring(target[0], with_tail=False) if len(target) else b""
        patched = case.find("patched")
        yield (
            f"xml/{case.get('name')}",
            None if patched is None else canonical(etree.tostring(patched[0], with_tail=False)),
            lambda d=document, p=patch: canonical(
                xml_patch.apply_to_xml(d, etree.tostring(p, with_tail=False))
            ),
        )


def canonical(text: bytes) -> bytes:
    """A document without the white space between its elements."""
    parser = etree.XMLParser(remove_blank_text=True, resolve_entities=False, no_network=True)
    root = etree.fromstring(text, parser)
    for element in root.iter():
        element.text = (element.text or "").strip() or None
        element.tail = None
    return etree.tostring(root, method="c14n", exclusive=True)


def main() -> int:
    """Run everything; 0 if exactly the expected cases fail."""
    verbose = is_verbose(__doc__)
    return verdict(dict(failures()), EXPECTED, "HL7 patch tests pass", verbose=verbose)


if __name__ == "__main__":
    sys.exit(main())
