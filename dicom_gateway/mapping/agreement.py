"""Does a Patient agree with what a study says of its patient? The rules, in words:

1. The id has brought us to the Patient; that alone is never enough: ids are mistyped, given again,
   and those of different hospitals are the same.
2. The family name has to be one that the Patient has or had (maiden and old names count), and the
   first given name, too. Case, accents, hyphens and spaces don't count; ä may be written ae. A
   single letter agrees with a name that begins so.
3. The birth date must be the same where both have it, and the sex where both have it (`other` and
   `unknown` say nothing).
4. Where the birth date isn't known on both sides, the sex must be known on both, and be the same.
5. Whatever disagrees or is missing is named, and a person decides. Nothing is ever guessed.

So a twin, whose birth date, family name and sex are the same, differs by the given name; somebody
who has married is known by the maiden name, as long as the record keeps it.
IHE RAD TF-1 section 4 (Patient Information Reconciliation) leaves the rules to the site; these are
those of the WHO's two identifiers at least (Patient Safety Solutions, solution 2, 2007), and more.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from dicom_gateway.mapping.names import Name
from dicom_gateway.mapping.patients import Claim
from fhirserver.model.resource import Resource

Reason = Literal["family", "given", "birth-date", "sex", "too-little"]
"""What disagrees, or that too little is known to tell."""

_GERMAN: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa"})
_LETTERLESS: Final = re.compile(r"[\W\d_]+")


def disagreements(claimed: Claim, patient: Resource) -> list[Reason]:
    """What keeps a study from being this Patient's; empty when they are the same person."""
    found: list[Reason] = _of_names(claimed.names, patient.get("name", ()))
    birth = _compared(claimed.birth_date, patient.get("birthDate"))
    sex = _compared(claimed.gender, patient.get("gender"), silent=("other", "unknown"))
    if birth is False:
        found.append("birth-date")
    if sex is False:
        found.append("sex")
    if not found and birth is None and sex is None:
        found.append("too-little")
    return found


def _of_names(claimed: Sequence[Name], known: Sequence[Resource]) -> list[Reason]:
    """Which part of a name no name of the Patient has, whichever comes closest."""
    if not claimed or not known:
        return ["too-little"]
    closest: list[Reason] | None = None
    for name in claimed:
        for other in known:
            missing = _of_name(name, other)
            if closest is None or len(missing) < len(closest):
                closest = missing
    return closest or []


def _of_name(name: Name, other: Resource) -> list[Reason]:
    found: list[Reason] = []
    if not _is_one_of(name.family, [str(other.get("family", ""))]):
        found.append("family")
    if not _same_given(name.given, [str(g) for g in other.get("given", ())]):
        found.append("given")
    return found


def _same_given(given: Sequence[str], known: Sequence[str]) -> bool:
    """Whether the first given names are the same; names that run on count as they are written."""
    if not given or not known:
        return False
    ours, theirs = " ".join(given).split(), " ".join(known).split()
    if not ours or not theirs:
        return False
    if _is_one_of(ours[0], [theirs[0]]) or _is_one_of("".join(given), ["".join(known)]):
        return True
    shorter, longer = sorted((_plain(ours[0]), _plain(theirs[0])), key=len)
    return len(shorter) == 1 and longer.startswith(shorter)


def _is_one_of(name: str, known: Iterable[str]) -> bool:
    ours = _foldings(name)
    return bool(ours) and any(ours & _foldings(other) for other in known)


def _foldings(name: str) -> set[str]:
    folded = name.casefold()
    return {f for f in (_plain(folded), _plain(folded.translate(_GERMAN))) if f}


def _plain(name: str) -> str:
    parts = unicodedata.normalize("NFKD", name.casefold())
    return _LETTERLESS.sub("", "".join(c for c in parts if not unicodedata.combining(c)))


def _compared(claimed: str | None, known: object, *, silent: Sequence[str] = ()) -> bool | None:
    """Whether two values are the same; None where one of them says nothing.

    A birth date of the record may be a year, or a year and a month: then that has to be the same.
    """
    if not claimed or not isinstance(known, str) or not known:
        return None
    if claimed in silent or known in silent:
        return None
    return claimed == known or (len(known) in (4, 7) and claimed.startswith(f"{known}-"))
