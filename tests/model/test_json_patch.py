"""JSON Patch."""

import copy
import json as stdlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fhirserver.errors import FhirError, Invalid, Unprocessable
from fhirserver.model import json_patch
from fhirserver.model.json_patch import apply

PATIENT = {"resourceType": "Patient", "active": True, "name": [{"given": ["Ada", "Augusta"]}]}


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"op": "add", "path": "/gender", "value": "female"}, PATIENT | {"gender": "female"}),
        (
            {"op": "add", "path": "/name/0/given/-", "value": "B"},
            PATIENT | {"name": [{"given": ["Ada", "Augusta", "B"]}]},
        ),
        (
            {"op": "add", "path": "/name/0/given/0", "value": "B"},
            PATIENT | {"name": [{"given": ["B", "Ada", "Augusta"]}]},
        ),
        (
            {"op": "remove", "path": "/name/0/given/0"},
            PATIENT | {"name": [{"given": ["Augusta"]}]},
        ),
        ({"op": "replace", "path": "/active", "value": False}, PATIENT | {"active": False}),
        (
            {"op": "replace", "path": "/name/0/given/1", "value": "B"},
            PATIENT | {"name": [{"given": ["Ada", "B"]}]},
        ),
        ({"op": "replace", "path": "", "value": {}}, {}),
        (
            {"op": "move", "from": "/name/0/given/1", "path": "/name/0/given/0"},
            PATIENT | {"name": [{"given": ["Augusta", "Ada"]}]},
        ),
        ({"op": "move", "from": "/active", "path": "/active"}, PATIENT),
        (
            {"op": "copy", "from": "/name/0/given/0", "path": "/name/0/family"},
            PATIENT | {"name": [{"given": ["Ada", "Augusta"], "family": "Ada"}]},
        ),
        ({"op": "test", "path": "/name/0/given", "value": ["Ada", "Augusta"]}, PATIENT),
    ],
    ids=lambda v: f"{v.get('op')} {v.get('path')}" if "op" in v else "",
)
def test_an_operation_changes_a_copy(operation: dict[str, Any], expected: dict[str, Any]) -> None:
    before = copy.deepcopy(PATIENT)

    assert apply(PATIENT, [operation]) == expected
    assert before == PATIENT


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/active", "value": 1},
        {"op": "test", "path": "/active", "value": False},
        {"op": "test", "path": "/gender", "value": None},
        {"op": "remove", "path": "/gender"},
        {"op": "remove", "path": ""},
        {"op": "replace", "path": "/gender", "value": "male"},
        {"op": "add", "path": "/name/2", "value": {}},
        {"op": "add", "path": "/name/x", "value": {}},
        {"op": "add", "path": "/name/01", "value": {}},
        {"op": "add", "path": "/contact/0", "value": {}},
        {"op": "add", "path": "/active/x", "value": 1},
        {"op": "copy", "from": "/gender", "path": "/x"},
    ],
    ids=lambda v: f"{v['op']} {v['path']}",
)
def test_an_impossible_operation_is_unprocessable(operation: dict[str, Any]) -> None:
    with pytest.raises(Unprocessable, match=f"operation 0 .*{operation['op']} at"):
        apply(PATIENT, [operation])


@pytest.mark.parametrize(
    "patch",
    [
        {},
        ["remove"],
        [{"op": "merge", "path": "/a"}],
        [{"op": ["add"], "path": "/a"}],
        [{"path": "/a"}],
        [{"op": "add", "value": 1}],
        [{"op": "add", "path": "a", "value": 1}],
        [{"op": "add", "path": "/a~2", "value": 1}],
        [{"op": "add", "path": "/a"}],
        [{"op": "move", "path": "/a"}],
        [{"op": "move", "from": "/name", "path": "/name/0/x"}],
    ],
    ids=repr,
)
def test_a_malformed_patch_is_invalid(patch: Any) -> None:
    with pytest.raises(Invalid):
        apply(PATIENT, patch)


def test_the_second_operation_sees_the_first() -> None:
    patch = [
        {"op": "add", "path": "/contact", "value": []},
        {"op": "add", "path": "/contact/-", "value": {"gender": "male"}},
    ]

    assert apply(PATIENT, patch)["contact"] == [{"gender": "male"}]


def test_escaped_tokens_are_read() -> None:
    assert apply({"a/b": 1, "m~n": 2}, [{"op": "remove", "path": "/a~1b"}]) == {"m~n": 2}
    assert apply({"a/b": 1, "m~n": 2}, [{"op": "remove", "path": "/m~0n"}]) == {"a/b": 1}


def test_numbers_are_equal_by_value() -> None:
    document = {"value": Decimal("1.10")}

    assert apply(document, [{"op": "test", "path": "/value", "value": Decimal("1.1")}]) == document


def test_copying_a_document_into_itself_again_and_again_is_stopped() -> None:
    patch = [{"op": "copy", "from": "", "path": f"/x{i}"} for i in range(60)]

    with pytest.raises(Unprocessable, match="copy too much"):
        apply({"text": "x" * 1000}, patch)


def test_nesting_by_operations_is_stopped() -> None:
    patch = [{"op": "copy", "from": "", "path": "/x"} for _ in range(1000)]

    with pytest.raises(Unprocessable, match="nest deeper"):
        apply({}, patch)


def test_too_many_operations_are_refused(monkeypatch) -> None:
    monkeypatch.setattr(json_patch, "MAX_OPERATIONS", 1)

    with pytest.raises(Invalid, match="more than 1"):
        apply({}, [{"op": "test", "path": "", "value": {}}] * 2)


def test_published_cases(shared: Path) -> None:
    cases = stdlib.loads((shared / "fhir-test-cases-r4/patch/json-patch-tests.json").read_text())
    for case in cases:
        before = copy.deepcopy(case["doc"])
        if "error" in case:
            with pytest.raises(FhirError):
                apply(case["doc"], case["patch"])
        else:
            assert apply(case["doc"], case["patch"]) == case["expected"], case["comment"]
        assert case["doc"] == before
    assert len(cases) > 10
