"""What a field of a sender has become, for when it says the same again.

A feed names the same patients, doctors, wards, tests and units all day. What is made of them
depends on nothing but the rule, the text and what the context knows: zone, authorities, answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import lru_cache
from typing import Any, Final

from hl7v2_gateway.mapping.rules import Rule

Text = tuple[tuple[str, ...], ...]

MOST: Final = 8_192
"""Values of one context: when there are more, they are forgotten, and learnt anew."""
LONGEST: Final = 500
"""Characters of a text that is remembered: no document stays in memory."""
_CONTEXTS: Final = 64
REPEATED: Final = frozenset(
    ["CE", "CF", "CNE", "CNN", "CWE", "CX", "EI", "EIP", "HD", "ID", "IS", "NDL", "PL"]
) | {"XAD", "XCN", "XON", "XPN", "XTN"}
"""Data types of what is said again and again; times and measured values aren't."""


@dataclass(frozen=True, slots=True)
class Memory:
    """The values of one context. Threads share it: each step is one of a dict."""

    values: dict[tuple[Rule, Text], Any] = field(default_factory=dict)

    def find(self, rule: Rule, text: Text) -> Any:
        """A value of its own for who asks; None when there is none."""
        return copied(self.values.get((rule, text)))

    def keep(self, rule: Rule, text: Text, value: Any) -> None:
        """Remember a value, as it is now."""
        if sum(len(part) for component in text for part in component) > LONGEST:
            return
        if len(self.values) >= MOST:
            self.values.clear()
        self.values[rule, text] = copied(value)


def memory(
    zone: tzinfo,
    authorities: Mapping[str, str],
    answers: Mapping[tuple[str, str], tuple[str, str, str]],
    restore: object,
) -> Memory:
    """What is remembered of conversions that know the same."""
    return _memory(zone, frozenset(authorities.items()), frozenset(answers.items()), restore)


@lru_cache(maxsize=_CONTEXTS)
def _memory(*known: object) -> Memory:
    del known
    return Memory()


def copied(value: Any) -> Any:
    """A value that may be changed without changing the other.

    >>> text, one = "a", {"b": [{"c": "d"}]}
    >>> copied(text) is text, copied(one) == one, copied(one)["b"][0] is one["b"][0]
    (True, True, False)
    """
    kind = type(value)
    if kind is dict:
        return {k: copied(v) if type(v) is dict or type(v) is list else v for k, v in value.items()}
    if kind is list:
        return [copied(v) if type(v) is dict or type(v) is list else v for v in value]
    return value
