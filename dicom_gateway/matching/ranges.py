"""Dates and times: a single one, or a range of them (PS3.4 C.2.2.2.5).

Values become texts of digits that sort as the moments do; one that leaves out its last components
stands for the whole hour or year. The older forms with points and colons are read too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

RANGED: Final = frozenset({"DA", "TM", "DT"})
_FIRST: Final = {"DA": "00010101", "TM": "000000000000", "DT": "00010101000000000000"}
_LAST: Final = {"DA": "99991231", "TM": "235959999999", "DT": "99991231235959999999"}
_FORM: Final = {
    "DA": re.compile(r"\d{4}(?:\d{4})?"),
    "TM": re.compile(r"\d{2}(?:\d{2}(?:\d{2}(?:\.?\d{1,6})?)?)?"),
    "DT": re.compile(r"\d{4}(?:\d{2}){0,5}(?:\.\d{1,6})?(?P<offset>[+-]\d{4})?"),
}
_OFFSET_AT_END: Final = re.compile(r"\d{4,}(?:\.\d+)?-(?:0\d|1[0-2])[0-5]\d")
_PUNCTUATION: Final = {"DA": ".-", "TM": ":", "DT": ""}


@dataclass(frozen=True, slots=True)
class Between:
    """From `first` to `last`, both of them too; `is_range` if two ends were asked for."""

    first: str
    last: str
    is_range: bool

    def meets(self, value: str) -> bool:
        """Whether a value as `written` is in it."""
        return bool(value) and self.first <= value <= self.last


def between(vr: str, text: str) -> Between:
    """What a key asks for. Raises ValueError where it is neither a value nor a range.

    >>> between("DA", "20260701-20260731")
    Between(first='20260701', last='20260731', is_range=True)
    >>> between("TM", "12")
    Between(first='120000000000', last='125959999999', is_range=False)
    >>> between("TM", "-1200").last
    '120059999999'
    """
    text = text.strip()
    first, dash, last = _split(vr, text)
    if not dash:
        return Between(_padded(vr, text, _FIRST), _padded(vr, text, _LAST), is_range=False)
    if not first and not last:
        raise ValueError("a range must have an end")
    return Between(
        _padded(vr, first, _FIRST) if first else _FIRST[vr],
        _padded(vr, last, _LAST) if last else _LAST[vr],
        is_range=True,
    )


def written(vr: str, text: str) -> str:
    """A value as it is compared; empty where it can't be read.

    >>> written("TM", "08:56:07.5 ")
    '085607500000'
    >>> written("DT", "20260701120000+0200")
    '20260701100000000000'
    """
    try:
        return _padded(vr, text.strip(), _FIRST)
    except ValueError:
        return ""


def _split(vr: str, text: str) -> tuple[str, str, str]:
    if vr == "DA" and text.count("-") == 2 and re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return text, "", ""
    if vr == "DT" and _OFFSET_AT_END.fullmatch(text):
        # A hyphen before what may be an offset from UTC is its sign.
        return text, "", ""
    if vr == "DT":
        ends = re.fullmatch(r"(\d+(?:\.\d+)?(?:[+-]\d{4})?)?-(\d+(?:\.\d+)?(?:[+-]\d{4})?)?", text)
        return (ends[1] or "", "-", ends[2] or "") if ends else (text, "", "")
    return text.partition("-")


def _padded(vr: str, text: str, filling: dict[str, str]) -> str:
    for mark in _PUNCTUATION[vr]:
        text = text.replace(mark, "")
    form = _FORM[vr].fullmatch(text.strip())
    if form is None:
        raise ValueError(f"no {vr}")
    offset = form.groupdict().get("offset")
    digits = (text.removesuffix(offset) if offset else text).replace(".", "").strip()
    if vr != "TM" and len(digits) == 6 and filling is _LAST:
        # The last day of its month: no month has more, and none is asked to be a date.
        digits += "31"
    whole = digits + filling[vr][len(digits) :]
    return _at_utc(whole, offset) if offset else whole


def _at_utc(digits: str, offset: str) -> str:
    sign = 1 if offset[0] == "+" else -1
    ahead = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:5]))
    moment = datetime.strptime(digits, "%Y%m%d%H%M%S%f") - sign * ahead  # noqa: DTZ007
    return moment.strftime("%Y%m%d%H%M%S%f")
