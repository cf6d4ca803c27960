"""How an equality value becomes the 64-bit number that the index holds.

Every resource row has one array of such numbers. An element is the digest of a spelled-out value
XOR the salt of its search parameter. XOR is what PostgreSQL can undo: a row's `self` is the digest
of its own address (`r|Patient/123`), so `self # salt('subject')` is the element that a reference to
it from `subject` has, and chains need no table of references.

Spellings (code values are folded, because the standard prefers finding too much to too little):

    c|CODE            a code in any system          s|SYSTEM|CODE   a code in a system ('' = none)
    y|SYSTEM          any code of a system          t|TEXT          a display text, folded
    r|Type/id         a reference, without version  r|URL           an absolute reference
    u|URI             a uri or canonical            b|PREFIX        a uri at or below that path
    e|STRING          a string, exactly             ?               the parameter has a value
    i|...             a logical reference's identifier, then a token spelling
    k|A$B             a composite of equality values (each one a spelling)
    q|UNIT            the base units of a unit of UCUM: what mg, kg and [lb_av] have in common
    o|SYSTEM|CODE|VALUE   an identifier's value and one coding of its type (:of-type)
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b


@lru_cache(maxsize=65_536)
def digest(text: str) -> int:
    """A signed 64-bit digest of a spelling.

    >>> digest("r|Patient/1") == digest("r|Patient/1") != digest("r|Patient/2")
    True
    """
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


@lru_cache(maxsize=8_192)
def salt(code: str) -> int:
    """What tells the values of one search parameter from another's; the same for every type."""
    return digest(f"p|{code}")


@lru_cache(maxsize=8_192)
def number(code: str) -> int:
    """The signed 32-bit number of a search parameter in the ordered index tables."""
    return int.from_bytes(blake2b(code.encode(), digest_size=4).digest(), "big", signed=True)


def element(code: str, spelling: str) -> int:
    """The array element of a value of a search parameter."""
    return digest(spelling) ^ salt(code)


def reference_self(resource_type: str, resource_id: str) -> int:
    """The `self` of a resource: what references to it are made from."""
    return digest(f"r|{resource_type}/{resource_id}")
