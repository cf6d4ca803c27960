"""Expressions from outside: whatever they are, a clear answer comes soon and little memory goes."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from fhirserver import fhirpath
from fhirserver.errors import FhirError, Invalid, TooCostly
from fhirserver.fhirpath import Env, function
from tests.pace import soon

PATIENT = {
    "resourceType": "Patient",
    "active": True,
    "name": [{"family": "a" * 200_000, "given": ["Ada", "Augusta"]}],
}
SOON_SECONDS = 8.0
"""Far below what any of these would take without limits, far above what they take."""


def evaluated(expression: str, env: Env | None = None) -> list[fhirpath.Typed]:
    with soon(SOON_SECONDS):
        return fhirpath.compile(expression, "Patient")(PATIENT, env)


@pytest.mark.parametrize(
    "expression",
    [
        "name" + ".where(true)" * 1000,
        "name.where(" * 1000 + "true" + ")" * 1000,
        "(" * 5000 + "1" + ")" * 5000,
        "-" * 10_000 + "1",
        "iif(true, " * 1000 + "1" + ")" * 1000,
        "1" + " + 1" * 4000,
        "a" * 20_000,
        "9" * 5000,
    ],
    ids=lambda e: e[:12],
)
def test_deep_and_long_expressions_are_refused_when_they_are_read(expression: str) -> None:
    with pytest.raises(Invalid, match=r"nested more than|longer than|digits"):
        evaluated(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "1.repeat($this + 1)",
        "'a'.repeat($this & 'a')",
        "'a'.repeat($this & $this)",
        "(1|2).aggregate($total.combine($total), 1)"
        + ".aggregate($total.combine($total).combine($total), 1)" * 20,
        "(1|2|3|4|5|6|7|8|9|10).select(%big).select(%big).select(%big)",
        "%big.select(%big.select(%big))",
        "%big.where(%big.where(%big.exists($this = 'x')).exists())",
        "%big.select(name.family & $index.toString())",
        "%big.select(%resource.name.family.toChars())",
        "%big.select(%resource.name.family.split('a'))",
        "%big.subsetOf(%big) and %big.select($this).supersetOf(%big.combine(%big).combine(%big))",
        "%big.combine(%big) ~ %big.combine(%big)",
        "%big.all(%big.all(%big.count() > 0))",
    ],
)
def test_loops_and_growth_end_with_the_budget(expression: str) -> None:
    env = Env(variables={"big": [PATIENT] * 3000}, max_steps=100_000)

    with pytest.raises(TooCostly, match=r"more than|too long"):
        evaluated(expression, env)


def test_repeat_of_what_is_there_already_ends() -> None:
    assert evaluated("name.repeat($this).count()")[0][1] == 1
    assert evaluated("repeat(children()).count()")[0][1] == 5


@pytest.mark.parametrize(
    "expression",
    [
        "name.family.matches('(a+)+b')",
        "name.family.matches('^(([a-z])+.)+[A-Z]([a-z])+$')",
        "name.family.matchesFull('(a|aa)+b')",
    ],
)
def test_no_pattern_takes_longer_than_its_text_is_long(expression: str) -> None:
    assert evaluated(expression) == [("System.Boolean", False, None)]


def test_large_pattern_and_long_text_are_refused_together() -> None:
    with pytest.raises(TooCostly, match="too large for so long a text"):
        evaluated("name.family.matches('(a?){999}a{999}b')")
    assert evaluated("name.family.substring(0, 20).matches('(a?){999}a{999}b')")[0][1] is False


def test_replacing_what_a_pattern_matches_costs_what_it_makes() -> None:
    assert evaluated("name.family.replaceMatches('(a+)+b', 'x').length()")[0][1] == 200_000
    with pytest.raises(TooCostly, match="a string of more than"):
        evaluated("name.family.replaceMatches('(.*)', '" + "$1" * 5000 + "')")
    with pytest.raises(TooCostly):
        evaluated("name.family.replaceMatches('a.*b|a', '')", Env(max_steps=10_000))


def test_patterns_without_linear_time_are_refused() -> None:
    for pattern in ("(?=a)b", "(a)\\\\1", "(?<!a)b", "(a{1000}){1000}"):
        with pytest.raises(Invalid, match="not a regular expression that can be used"):
            evaluated(f"'a'.matches('{pattern}')")


def test_strings_stay_short() -> None:
    with pytest.raises(TooCostly, match="a string of more than"):
        evaluated("name.family.replace('a', 'aaaaaaaaaa')")
    with pytest.raises(TooCostly, match="a string of more than"):
        evaluated("name.family.toChars().join('aaaaaaaaaa')")


def test_wall_time_ends_an_evaluation_whose_steps_are_dear() -> None:
    dear = "%big.select(%resource.name.family.upper().lower().upper().lower().upper().indexOf('b'))"
    env = Env(variables={"big": [1] * 3000}, max_steps=10**9, max_seconds=0.2)
    with soon(2), pytest.raises(TooCostly, match="takes too long"):
        evaluated(dear, env)


def test_evaluations_may_share_a_deadline() -> None:
    env = Env(variables={"big": [1] * 3000}, deadline=time.monotonic() - 1)

    assert evaluated("active", env)
    with pytest.raises(TooCostly, match="takes too long"):
        evaluated("%big.where($this = 1)", env)


@pytest.mark.parametrize("name", sorted(function.functions))
def test_every_function_nests_and_chains_without_doubling_the_work(name: str) -> None:
    for depth in (30, 100):
        for expression in (
            f"{name}(" * depth + "true" + ")" * depth,
            f"{name}(true, " * depth + "true" + ")" * depth,
            "1" + f".{name}()" * depth,
            "'a'" + f".{name}('a')" * depth,
            "active" + f".{name}(String)" * depth,
        ):
            with soon(SOON_SECONDS), suppress(FhirError):
                fhirpath.compile(expression, "Patient")({"active": True}, Env(max_steps=20_000))


def test_arguments_are_counted() -> None:
    for expression in ("where()", "name.where(true, true)", "ofType()", "aggregate()"):
        with pytest.raises(Invalid, match="can't have"):
            evaluated(expression)
