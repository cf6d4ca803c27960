"""Passwords: hashed with argon2id, and the rules for new ones.

Parameters and rules: OWASP ASVS 5.0, chapters 6.2 and 11.4 and appendix C; NIST SP 800-63B-4.
"""

from __future__ import annotations

import threading
import unicodedata
from functools import cache
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from fhirserver.errors import Invalid, Throttled

LONGEST: Final = 128
# A hash takes 46 MiB: were each request to have its own at once, memory would be gone.
WAIT_SECONDS: Final = 10.0
# Of random bytes that nobody kept.
_NOBODYS: Final = (
    "$argon2id$v=19$m=47104,t=1,p=1$fBp8rv6Gjzce9+muhZLr2A"
    "$FrubP1fkQkUwHBWXgkFTJmpyUbuDGzWrIFebsWvCUMM"
)
_COMMON: Final = Path(__file__).with_name("common_passwords.txt")


class Passwords:
    """Makes and checks hashes, a few at a time in each process."""

    def __init__(self, at_once: int) -> None:
        self._hasher = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1)
        self._places = threading.BoundedSemaphore(at_once)

    def hashed(self, password: str) -> str:
        """What is stored of a password."""
        with self._place():
            return self._hasher.hash(_normal(password))

    def is_right(self, password: str, stored: str | None) -> bool:
        """Whether it is the password; takes as long for a user who doesn't exist (None)."""
        if stored is None:
            self._verify(password[:LONGEST], _NOBODYS)
            return False
        return self._verify(password[: LONGEST + 1], stored)

    def is_outdated(self, stored: str) -> bool:
        """Whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def _verify(self, password: str, stored: str) -> bool:
        with self._place():
            try:
                return self._hasher.verify(stored, _normal(password))
            except (VerificationError, InvalidHashError):
                return False

    def _place(self) -> _Place:
        return _Place(self._places)


class _Place:
    """One of the places where a hash may be worked out."""

    def __init__(self, places: threading.BoundedSemaphore) -> None:
        self._places = places

    def __enter__(self) -> None:
        if not self._places.acquire(timeout=WAIT_SECONDS):
            raise Throttled(
                "many people are signing in right now: try again in a minute",
                headers={"Retry-After": "60"},
            )

    def __exit__(self, *_: object) -> None:
        self._places.release()


def check_new(password: str, *, shortest: int, about: tuple[str, ...] = ()) -> None:
    """Raise Invalid, saying what to do, when a new password is too easy to guess.

    `about`: words that others try first, such as the user's name. Any character may be used, and
    none must be.
    """
    normal = _normal(password)
    if len(normal) < shortest:
        raise Invalid(f"a password has at least {shortest} characters: three or four words do well")
    if len(normal) > LONGEST:
        raise Invalid(f"a password has at most {LONGEST} characters")
    plain = normal.casefold()
    if plain in _common():
        raise Invalid("this is one of the passwords that are tried first: choose another")
    if len(set(plain)) <= 2 or any(
        len(word) > 3 and plain.replace(word.casefold(), "").strip("0123456789!?._-") == ""
        for word in about
    ):
        raise Invalid("this password is easy to guess from who you are: choose another")


@cache
def _common() -> frozenset[str]:
    return frozenset(_COMMON.read_text(encoding="utf-8").split())


def _normal(password: str) -> str:
    """However the keyboard writes an accent, it is the same password."""
    return unicodedata.normalize("NFKC", password)
