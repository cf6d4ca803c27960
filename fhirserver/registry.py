"""How a file becomes a feature: it registers itself, and its package is discovered."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import TypeVar, overload

T = TypeVar("T")
V = TypeVar("V")


class Registry(Mapping[str, T]):
    """Features by key, filled by a decorator in the file that defines each one.

    >>> greetings: Registry[Callable[[], str]] = Registry("greeting")
    >>> @greetings.register("hello")
    ... def hello() -> str: return "Hello"
    >>> greetings["hello"]()
    'Hello'
    """

    def __init__(self, noun: str) -> None:
        self.noun = noun
        self._items: dict[str, T] = {}

    def register(self, key: str) -> Callable[[T], T]:
        """Put the decorated object under `key`; a key taken twice is a programming error."""

        def add(item: T) -> T:
            if key in self._items:
                raise ValueError(f"two files register the {self.noun} {key}")
            self._items[key] = item
            return item

        return add

    def __getitem__(self, key: str) -> T:
        return self._items[key]

    @overload
    def get(self, key: str, /) -> T | None: ...

    @overload
    def get(self, key: str, /, default: T | V) -> T | V: ...

    def get(self, key: str, /, default: T | V | None = None) -> T | V | None:
        """As of any mapping, without an error that is caught where there is none."""
        return self._items.get(key, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)


def discover(package: ModuleType) -> None:
    """Import every module of a package, so that each registers what it defines."""
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
