"""A release as it was downloaded: a zip archive, the folder it was unpacked to, or one file."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

from fhirserver.errors import Invalid

# SNOMED CT unpacks to ten times its size; bombs to a thousand.
_MOST_TIMES: Final = 100
_MOST_BYTES: Final = 20_000_000_000
_BROKEN: Final = (OSError, zipfile.BadZipFile, EOFError, UnicodeError)


class Release:
    """Its files by name, opened as text."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            raise Invalid(f"{path} doesn't exist")
        self._zip: zipfile.ZipFile | None = None
        if path.is_file() and zipfile.is_zipfile(path):
            self._zip = zipfile.ZipFile(path)
            self._refuse_bomb(self._zip)
        elif path.suffix == ".zip":
            raise Invalid(f"{path.name} is not a whole zip archive: download it again")
        self.names: Sequence[str] = sorted(self._names())

    def _names(self) -> Iterator[str]:
        if self._zip is not None:
            yield from (i.filename for i in self._zip.infolist() if not i.is_dir())
        elif self.path.is_dir():
            yield from (str(p.relative_to(self.path)) for p in self.path.rglob("*") if p.is_file())
        else:
            yield self.path.name

    def _refuse_bomb(self, archive: zipfile.ZipFile) -> None:
        size = sum(i.file_size for i in archive.infolist())
        if size > min(_MOST_BYTES, _MOST_TIMES * max(self.path.stat().st_size, 1)):
            raise Invalid(f"{self.path.name} unpacks to more than a release can be")

    def find(self, pattern: str) -> str | None:
        """The first file whose path ends in what the regular expression matches."""
        wanted = re.compile(rf"(?:^|.*/)(?:{pattern})$", re.IGNORECASE)
        return next((n for n in self.names if wanted.match(n)), None)

    def all(self, pattern: str) -> list[str]:
        """All such files."""
        wanted = re.compile(rf"(?:^|.*/)(?:{pattern})$", re.IGNORECASE)
        return [n for n in self.names if wanted.match(n)]

    @contextmanager
    def opened(self, name: str) -> Iterator[TextIO]:
        """A file as text, in UTF-8 or, where its first bytes say so, UTF-16."""
        try:
            if self._zip is not None:
                raw = self._zip.open(name)
            else:
                raw = (self.path / name if self.path.is_dir() else self.path).open("rb")
            with raw, io.BufferedReader(raw) as buffered:  # type: ignore[type-var]
                start = buffered.peek(2)[:2]
                encoding = "utf-16" if start in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
                yield io.TextIOWrapper(buffered, encoding, newline="")
        except _BROKEN as error:
            raise Invalid(f"{name} can't be read to its end: {error}") from error

    def rows(
        self, name: str, *, delimiter: str, quoted: bool = False
    ) -> Iterator[Mapping[str, str]]:
        """The rows of a table whose first line names the columns.

        Raises Invalid with the line that has another number of fields: a file that was cut.
        """
        with self.opened(name) as text:
            lines = (
                csv.reader(text, delimiter=delimiter)
                if quoted
                else csv.reader(text, delimiter=delimiter, quoting=csv.QUOTE_NONE)
            )
            header: list[str] | None = None
            try:
                for line in lines:
                    if header is None:
                        header = [c.strip() for c in line]
                    elif len(line) != len(header):
                        raise Invalid(
                            f"{name} line {lines.line_num} has {len(line)} fields instead of "
                            f"{len(header)}: the file is damaged, download it again"
                        )
                    else:
                        yield dict(zip(header, line, strict=True))
            except csv.Error as error:
                raise Invalid(f"{name} line {lines.line_num}: {error}") from error

    def fields(self, name: str, count: int, *, delimiter: str = "|") -> Iterator[Sequence[str]]:
        """The lines of a table without names, such as RRF; each has at least so many fields."""
        with self.opened(name) as text:
            for number, line in enumerate(text, 1):
                found = line.rstrip("\r\n").split(delimiter)
                if len(found) < count:
                    raise Invalid(
                        f"{name} line {number} has {len(found)} fields instead of {count}: "
                        "the file is damaged, download it again"
                    )
                yield found
