"""A pytest plugin: the tests run against a guard with one term left out.

    python -m pytest -p conformance.access.leaving_out --leave-out NAME tests/access

NAME is one of those that `python -m conformance.access.mutation --list` names.
"""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from conformance.access.mutants import alive, mutants

_left_out = ExitStack()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--leave-out`."""
    parser.addoption("--leave-out", required=True, help="the term of the guard")


def pytest_configure(config: pytest.Config) -> None:
    """Leave the term out until the run ends."""
    name = config.getoption("--leave-out")
    mutant = next((m for m in mutants() if m.name == name), None)
    if mutant is None:
        raise pytest.UsageError(f"no term is called {name!r}: see mutation --list")
    _left_out.enter_context(alive(mutant))


def pytest_unconfigure() -> None:
    """Bring it back."""
    _left_out.close()
