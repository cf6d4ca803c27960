"""Every extension that conversions write has its definition, and keeps to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fhirserver import content
from fhirserver.model.conformance import shipped
from fhirserver.validation import check
from fhirserver.validation.options import Options
from fhirserver.validation.validator import Validator
from hl7v2_gateway.er7 import Malformed, parse
from hl7v2_gateway.mapping.compiling.extensions import FOLDER, extensions, files
from hl7v2_gateway.mapping.conversion import Unsupported
from hl7v2_gateway.mapping.convert import convert
from hl7v2_gateway.mapping.paths import EXTENSIONS
from hl7v2_gateway.outbound.kept_definitions import NAME, bundle
from hl7v2_gateway.outbound.restoring import restoring
from hl7v2_gateway.partners import Sender
from tests.hl7v2_gateway.mapping.converting import CORPUS

SENDER = Sender(id="his", name="HIS")
CODE = Path(__file__).parents[3] / "hl7v2_gateway"
PARTNERS = {"sender", "receiver", "partner"}
VALIDATOR = Validator(shipped(), options=Options(missing=None))
STEP = 40


def urls(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if str(value.get("url", "")).startswith(EXTENSIONS):
            yield value["url"]
        for part in value.values():
            yield from urls(part)
    elif isinstance(value, list):
        for part in value:
            yield from urls(part)


def wrong_of(resource: dict[str, Any]) -> list[tuple[str | None, str]]:
    """What is wrong by the definitions of our extensions; unknown ones are warnings."""
    return [
        (i.expression, i.text)
        for i in VALIDATOR.validate(resource)
        if (i.severity == "error" and EXTENSIONS in i.text)
        or ("isn't known here" in i.text and "hl7v2-" in str(i.expression))
    ]


def is_defined(name: str) -> bool:
    return shipped().find("StructureDefinition", EXTENSIONS + name) is not None


def test_the_definitions_are_those_that_the_rules_make() -> None:
    folder = Path(content.folder("profiles")) / FOLDER
    found = {f.name: f.read_bytes() for f in folder.glob("StructureDefinition-hl7v2-*.json")}

    what_to_do = "run python -m hl7v2_gateway.mapping.compiling.extensions"
    assert sorted(found) == sorted(files()), what_to_do
    assert [name for name, text in files().items() if found[name] != text] == [], what_to_do


def test_the_definitions_of_fields_are_those_that_the_dictionary_makes() -> None:
    file = Path(content.folder("profiles")) / FOLDER / NAME

    assert file.read_bytes() == bundle(), "run python -m hl7v2_gateway.outbound.kept_definitions"


def test_every_extension_that_the_code_and_its_tables_name_is_defined() -> None:
    named: set[str] = set()
    for file in CODE.rglob("*"):
        if file.suffix in {".py", ".json"}:
            text = file.read_text()
            named.update(re.findall(r"StructureDefinition/hl7v2-([A-Za-z0-9-]+)", text))
    missing = {n for n in named - PARTNERS if not is_defined(n)}

    # These are in docstrings.
    assert missing - {"NAME", "PV2"} == set()


def test_every_definition_is_valid_and_says_where_it_may_stand() -> None:
    for one in extensions():
        definition = shipped().find("StructureDefinition", EXTENSIONS + one.name)
        assert definition is not None
        assert check(definition) == []
        assert definition["context"]


MESSAGE = (
    b"MSH|^~\\&|LAB|WEST|||20260101||ADT^A01^ADT_A01|1|P|2.5.1\rEVN||20260101\r"
    b"PID|1||7^^^X^MR||Doe^Jane||19700101|F||W^White^L\rPV1|1|I\r"
    b"PV2|||||||||||||||||||||||N|||V\rACC|20260101|A^Accident^L||North\r"
)


def test_what_a_message_makes_keeps_to_the_definitions() -> None:
    message = parse(MESSAGE)
    made = convert(message, SENDER, message_id="1", restore=restoring("2.5.1"))

    written = {u.removeprefix(EXTENSIONS) for r in made.upserts for u in urls(r.resource)}
    assert "race" in written
    assert {n for n in written if not is_defined(n)} == set()
    assert {"PV2.22", "as-sent"} & written
    assert [issue for r in made.upserts for issue in wrong_of(r.resource)] == []


def test_an_extension_that_stands_elsewhere_or_holds_something_else_is_an_error() -> None:
    url = f"{EXTENSIONS}race"
    patient = {"resourceType": "Patient"}
    concept = {"url": url, "valueCodeableConcept": {"text": "x"}}

    assert wrong_of({**patient, "extension": [concept]}) == []
    assert wrong_of({**patient, "extension": [{"url": url, "valueString": "x"}]})
    assert wrong_of({"resourceType": "Basic", "code": {"text": "x"}, "extension": [concept]})


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of messages is not on this machine")
def test_what_the_corpus_makes_has_only_extensions_that_are_defined_and_keeps_to_them() -> None:
    wrong, unknown = [], set()
    for file in sorted(f for f in CORPUS.rglob("*") if f.suffix in {".hl7", ".txt"})[::STEP]:
        try:
            message = parse(file.read_bytes())
            restore = restoring(message.header.version)
            made = convert(message, SENDER, message_id=file.stem, restore=restore)
        except (Malformed, Unsupported):
            continue
        for upsert in made.upserts:
            wrong += [(file.name, *found) for found in wrong_of(upsert.resource)]
            unknown |= {u.removeprefix(EXTENSIONS) for u in urls(upsert.resource)}
    unknown = {n for n in unknown if not is_defined(n)}

    assert (wrong, unknown) == ([], set())
