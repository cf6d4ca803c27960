"""A statement that goes by keys, with all that stays the same in it ready for the wire.

A doctor's policies put a hundred labels, who they are and kinds of care into every read. Written
as text they are made by us and parsed by PostgreSQL again at each; here they are bytes, made once.
https://www.postgresql.org/docs/18/protocol-message-formats.html (Bind, formats of values)
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

_PLACE: Final = re.compile(r"%\((\w+)\)s(?:::(int8\[\]|int8|int4|text\[\]|text)(?![\w\[]))?")
_INT8_OID, _TEXT_OID = 20, 25
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_int8: Final = struct.Struct(">q")
_int4: Final = struct.Struct(">i")
_array: Final = struct.Struct(">iiiii")


@dataclass(frozen=True, slots=True)
class Ready:
    """A statement in PostgreSQL's own notation, and the bytes of its values.

    The first of them, `keys` in number, are given at each use.
    """

    sql: bytes
    keys: int
    values: tuple[bytes, ...]
    formats: tuple[int, ...]


def ready(sql: str, keys: Sequence[str], parameters: Mapping[str, Any]) -> Ready | None:
    """The statement of this text; None where a value is of a kind that isn't known here.

    Values have to have their type beside them in the text, except the keys.
    """
    names = {name: number for number, name in enumerate(keys, 1)}
    values: list[bytes] = []

    def placed(match: re.Match[str]) -> str:
        name, type_name = match[1], match[2]
        number = names.get(name)
        if name not in keys:
            made = None if type_name is None else _binary(parameters[name], type_name)
            if made is None or (number is not None and values[number - 1 - len(keys)] != made):
                raise _Unknown
            if number is None:
                values.append(made)
                number = names[name] = len(keys) + len(values)
        return f"${number}" if type_name is None else f"${number}::{type_name}"

    try:
        text = _PLACE.sub(placed, sql)
    except _Unknown:
        return None
    if "%" in text:
        return None
    return Ready(text.encode(), len(keys), tuple(values), (1,) * (len(keys) + len(values)))


def int8(number: int) -> bytes:
    """A number as PostgreSQL has it."""
    return _int8.pack(number)


def as_int(value: bytes | None) -> int:
    """An int4 or int8 of an answer."""
    return int.from_bytes(value or b"", signed=True)


def as_text(value: bytes | None) -> str | None:
    """A text of an answer."""
    return None if value is None else value.decode()


def as_time(value: bytes | None) -> datetime:
    """A timestamptz of an answer: microseconds since 2000."""
    return _EPOCH + timedelta(microseconds=as_int(value))


class _Unknown(Exception):
    """A value that has no binary form here."""


def _binary(value: object, type_name: str) -> bytes | None:
    match type_name, value:
        case "int8", int():
            return _int8.pack(value)
        case "int4", int():
            return _int4.pack(value)
        case "text", str():
            return value.encode()
        case "int8[]", str():
            numbers = [int(n) for n in value.strip("{}").split(",") if n]
            return _of(_INT8_OID, [_int8.pack(n) for n in numbers])
        case "text[]", list() if all(isinstance(v, str) for v in value):
            return _of(_TEXT_OID, [v.encode() for v in value])
        case _:
            return None


def _of(oid: int, members: Sequence[bytes]) -> bytes:
    """An array of one dimension, without nulls."""
    if not members:
        return struct.pack(">iii", 0, 0, oid)
    sized = b"".join(_int4.pack(len(m)) + m for m in members)
    return _array.pack(1, 0, oid, len(members), 1) + sized
