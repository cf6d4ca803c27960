"""The guard with one term left out: each place where a statement asks what the caller may see.

Found in the source, so that a new place is a new mutant: calls of `seen`, `meets`, `_visible`,
`is_whole` and `where` in storage, and what permitted.py and holding.py ask of the caller's rights.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import fhirserver.interactions
import fhirserver.storage
from fhirserver.storage.guard import EVERYTHING
from fhirserver.storage.search_sql import conditions

# `is_whole` is asked before a condition is left out; the text is true in Python.
TERMS = {
    "seen": "'true'",
    "meets": "'true'",
    "_visible": "'true'",
    "is_whole": "'true'",
    "where": "unguarded",
}
RIGHTS = {"touching", "condition", "reading", "searching"}
ASKING = ("holding.py", "permitted.py")


@dataclass(frozen=True)
class Mutant:
    """One call that is replaced, in a function of a module."""

    module: str
    function: str
    number: int
    term: str
    line: int
    column: int

    @property
    def name(self) -> str:
        return f"{self.place}, {self.line}:{self.column}"

    @property
    def place(self) -> str:
        """Its name without where that stands, which changes."""
        return f"{self.module.removeprefix('fhirserver.')}.{self.function}: {self.term}"


def mutants() -> list[Mutant]:
    """All of them."""
    return [m for name in _modules() for m in _in_module(name)]


def _modules() -> Iterator[str]:
    for package in (fhirserver.storage, fhirserver.interactions):
        folder = Path(package.__file__ or "").parent
        for file in sorted(folder.rglob("*.py")):
            if package is fhirserver.storage or file.name in ASKING:
                parts = file.relative_to(folder).with_suffix("").parts
                if "migrations" not in parts and "__init__" not in parts:
                    yield ".".join((package.__name__, *parts))


def _in_module(name: str) -> Iterator[Mutant]:
    for function in _functions(_tree(name)):
        calls = [c for c in ast.walk(function) if isinstance(c, ast.Call)]
        for number, call in enumerate(calls):
            term = _term(call, name)
            if term is not None:
                yield Mutant(name, function.name, number, term, call.lineno, call.col_offset)


def _tree(name: str) -> ast.Module:
    module = importlib.import_module(name)
    return ast.parse(Path(module.__file__ or "").read_text())


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """The functions of the module itself; `seen` and `where` are made of the others."""
    yield from (n for n in tree.body if isinstance(n, ast.FunctionDef))


def _term(call: ast.Call, module: str) -> str | None:
    match call.func:
        case ast.Name(id=name) if name in TERMS:
            return name
        case ast.Attribute(attr=name) if name in RIGHTS and module.endswith(
            ("holding", "permitted")
        ):
            return name
    return None


def unguarded(build: Any, condition: Any, resource_type: str, r: str, *, base: bool = True) -> str:
    """`where` without what the caller may see; what is inside the condition asks as ever."""
    see, asked = build.see, [False]

    def first_time(kind: str) -> Any:
        if asked[0]:
            return see(kind)
        asked[0] = True
        return EVERYTHING

    build.see = first_time
    try:
        return conditions.where(build, condition, resource_type, r, base=base)
    finally:
        build.see = see


class _Replace(ast.NodeTransformer):
    def __init__(self, wanted: ast.Call, term: str) -> None:
        self._wanted = wanted
        self._term = term

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if node is not self._wanted:
            return self.generic_visit(node)
        if self._term == "where":
            node.func = ast.Name("__unguarded", ast.Load())
            return node
        if self._term in RIGHTS:
            return ast.Name("__everything", ast.Load())
        return ast.Constant("true")


@contextmanager
def alive(mutant: Mutant) -> Iterator[None]:
    """Inside, the function works without the term."""
    module = importlib.import_module(mutant.module)
    tree = _tree(mutant.module)
    function = next(f for f in _functions(tree) if f.name == mutant.function)
    calls = [c for c in ast.walk(function) if isinstance(c, ast.Call)]
    _Replace(calls[mutant.number], mutant.term).visit(function)
    code = _code(compile(ast.fix_missing_locations(tree), module.__file__ or "", "exec"), mutant)
    there: Any = getattr(module, mutant.function)
    forget = getattr(there, "cache_clear", lambda: None)
    # A context manager or a cache wraps the function itself.
    there = getattr(there, "__wrapped__", there)
    before = there.__code__
    _names(module)
    there.__code__ = code
    forget()
    try:
        yield
    finally:
        there.__code__ = before
        forget()


def _code(whole: CodeType, mutant: Mutant) -> CodeType:
    return next(
        c for c in whole.co_consts if isinstance(c, CodeType) and c.co_name == mutant.function
    )


def _names(module: ModuleType) -> None:
    module.__dict__["__unguarded"] = unguarded
    module.__dict__["__everything"] = EVERYTHING
