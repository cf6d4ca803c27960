"""How expressions are grouped."""

from __future__ import annotations

import pytest

from fhirserver.fhirpath import ast, parse


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("a or b and c", "a or (b and c)"),
        ("a implies b or c", "a implies (b or c)"),
        ("a = b | c", "a = (b | c)"),
        ("a | b is string", "a | (b is string)"),
        ("a > b + c * d", "a > (b + (c * d))"),
        ("a in b = c", "a in (b = c)"),
        ("-a.b()", "-(a.b())"),
        ("-1 + 2", "(-1) + 2"),
        ("2 * -3", "2 * (-3)"),
        ("a - b - c", "(a - b) - c"),
        ("(a).b[0].c", "((a.b)[0]).c"),
        ("a is FHIR.Patient", "a is `FHIR`.`Patient`"),
        ("contains.is.as.in", "`contains`.`is`.`as`.`in`"),
        ("a contains b", "(a) contains (b)"),
        ("day", "`day`"),
    ],
)
def test_operators_bind_as_the_grammar_says(one: str, same: str) -> None:
    assert parse(one) == parse(same)


def test_nodes_know_where_they_begin() -> None:
    tree = parse("name.given")

    assert isinstance(tree, ast.Member)
    assert (tree.at, tree.source.at) == (5, 0)
