"""The compiled dictionary is what hl7apy has, and reads back as it."""

from __future__ import annotations

import importlib

import pytest

from hl7v2_gateway.grammar import VERSIONS, datatype, merged, segment, structure, structure_of
from hl7v2_gateway.grammar.syntax import Node

pytest.importorskip(
    "hl7apy", reason="the dictionary is compared with hl7apy, a dependency of development"
)


def of_hl7apy(version: str, name: str):
    return importlib.import_module(f"hl7apy.v{version.replace('.', '_')}.{name}")


def test_the_files_are_what_the_compiler_makes() -> None:
    from hl7v2_gateway.grammar import compiling

    for name, text in compiling.compiled().items():
        assert (compiling.FOLDER / name).read_text() == text, f"run python -m {compiling.__name__}"


def same(node: Node, definition, message: str) -> bool:
    children = [child for child in definition[1] if child[3] != "GRP" or child[1][1]]
    return (
        node.is_choice == (definition[0] == "choice")
        and len(node.children) == len(children)
        and all(
            ours.required == (least > 0)
            and ours.repeats == (most != 1)
            and (
                ours.is_group
                and f"{message}_{ours.name}".upper() == name.upper()
                and same(ours, reference, message)
                if kind == "GRP"
                else ours.name == name and not ours.is_group
            )
            for ours, (name, reference, (least, most), kind) in zip(
                node.children, children, strict=True
            )
        )
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_structures_are_those_of_hl7apy(version: str) -> None:
    for name, definition in of_hl7apy(version, "messages").MESSAGES.items():
        assert same(structure(name, version), definition, name), name


@pytest.mark.parametrize("version", VERSIONS)
def test_fields_are_those_of_hl7apy(version: str) -> None:
    module = of_hl7apy(version, "segments")
    for name, definition in module.SEGMENTS.items():
        if name == "ANYHL7SEGMENT" or definition[0] != "sequence" or len(definition) < 2:
            continue
        assert [
            (
                f"{name}_{p.number}",
                p.type or None,
                p.name,
                p.table,
                (p.least, -1 if p.most is None else p.most),
            )
            for p in segment(name, version)
        ] == [(c[0], c[1][2], c[1][3], c[1][4], tuple(c[2])) for c in definition[1] if c[1]], name


@pytest.mark.parametrize("version", VERSIONS)
def test_components_are_those_of_hl7apy(version: str) -> None:
    for name, definition in of_hl7apy(version, "datatypes").DATATYPES_STRUCTS.items():
        assert [(p.type, p.name, p.table) for p in datatype(name, version)] == [
            tuple(c[1][2:5]) for c in definition
        ], name


def test_what_a_version_lacks_is_nothing() -> None:
    assert structure("OML_O33", "2.3") is None
    assert segment("SPM", "2.3") == ()
    assert datatype("ST", "2.5") == ()


def test_every_structure_can_be_merged() -> None:
    for version in VERSIONS:
        for name in of_hl7apy(version, "messages").MESSAGES:
            assert merged(name).children


@pytest.mark.parametrize(
    ("type_", "event", "declared", "name"),
    [
        ("ADT", "A08", "", "ADT_A01"),
        ("ADT", "A08", "ADT_A08", "ADT_A01"),
        ("ADT", "A31", "", "ADT_A05"),
        ("ADT", "A40", "", "ADT_A39"),
        ("ADT", "A99", "", "ADT_A01"),
        ("ADT", "A08", "ADT_A05", "ADT_A05"),
        ("SIU", "S15", "", "SIU_S12"),
        ("MDM", "T10", "", "MDM_T02"),
        ("MFN", "M05", "", "MFN_M05"),
        ("OMI", "O23", "", "OMI_O23"),
        ("RSP", "K22", "RSP_K21", "RSP_K21"),
        ("ACK", "A01", "ACK", "ACK"),
        ("ACK", "", "", "ACK"),
        ("ZZZ", "Z01", "", ""),
        ("", "", "", ""),
    ],
)
def test_the_event_gives_the_structure_where_none_is_declared(type_, event, declared, name) -> None:
    assert structure_of(type_, event, declared) == name
