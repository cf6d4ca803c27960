"""What the files of an export are written in: NDJSON, or Parquet.

https://hl7.org/fhir/R4/nd-json.html, https://parquet.apache.org/docs/file-format/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import RawIOBase
from typing import Any, Final

from fhirserver.interactions.operating.exports import Format
from fhirserver.storage.rows import Version

Line = tuple[Version, bytes]
"""A version, and the JSON that is written of it."""
Written = Callable[[Iterable[Sequence[Line]]], Iterator[bytes]]


def ndjson(portions: Iterable[Sequence[Line]]) -> Iterator[bytes]:
    """A line for each resource."""
    for portion in portions:
        yield b"".join(b"%b\n" % text for _, text in portion)


def parquet(portions: Iterable[Sequence[Line]]) -> Iterator[bytes]:
    """A row for each resource: id, version and time as columns, and the whole as JSON.

    A column for every element would be another schema in each file; whoever reads JSON in
    Parquet (DuckDB, Spark, BigQuery) takes apart what they need.
    """
    # Half a second that only who wants Parquet should wait for.
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet as pq  # noqa: PLC0415

    schema = pa.schema(
        [
            ("resource_type", pa.string()),
            ("id", pa.string()),
            ("version", pa.int32()),
            ("last_updated", pa.timestamp("ms", tz="UTC")),
            ("resource", pa.string()),
        ]
    )
    sink = _Sink()
    writer = pq.ParquetWriter(sink, schema, compression="zstd")
    for portion in portions:
        columns = [
            [v.type for v, _ in portion],
            [v.id for v, _ in portion],
            [v.version for v, _ in portion],
            [v.updated for v, _ in portion],
            [text.decode() for _, text in portion],
        ]
        arrays = [pa.array(c, type=f.type) for c, f in zip(columns, schema, strict=True)]
        writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
        yield sink.taken()
    writer.close()
    yield sink.taken()


class _Sink(RawIOBase):
    """A file that is only written to, and taken away piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._size

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._size += len(piece)
        return len(piece)

    def taken(self) -> bytes:
        """What has been written since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


WRITTEN: Final[Mapping[Format, Written]] = {"ndjson": ndjson, "parquet": parquet}
