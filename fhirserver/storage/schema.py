"""The tables of one resource type, as SQL.

Each type has its own tables, named directly in the SQL, so that statistics stay sharp and indexes
small: `resource."Patient"` (current versions and tombstones), `history."Patient"` (superseded
versions) and the ordered indexes that its search parameters need. See README.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final, Literal

OrderedTable = Literal["date", "string", "number", "position"]

ORDERED: dict[OrderedTable, tuple[str, str]] = {
    "date": ("ix_date", "low int8, high int8, param int4, first boolean, last boolean"),
    "string": ("ix_string", 'param int4, text text COLLATE "C", first boolean, last boolean'),
    "number": (
        "ix_number",
        """low float8, high float8, base_low float8, base_high float8,
        unit int8, code int8, label int8,
        param int4, item int2, first boolean, last boolean""",
    ),
    "position": ("ix_position", "latitude float8, longitude float8, param int4"),
}

# The B-tree that a range or an order drives from; a second one finds a resource's own rows.
DRIVING: dict[OrderedTable, tuple[str, ...]] = {
    "date": ("param, low, key",),
    "string": ("param, text, key",),
    "number": ("param, token, low, key",),
    "position": ("param, latitude",),
}
# Most rows are short: a moment, a value. Only the long ones may begin well before a range and reach
# into it; they have a B-tree by their end.
LONG_DATE: Final = 1_000_000
LONG: Final[dict[OrderedTable, str]] = {
    "date": f"high > low + {LONG_DATE}",
    "number": "low < high",
}
BY_END: Final[dict[OrderedTable, str]] = {
    "date": "param, high, key",
    "number": "param, token, high, key",
}
OWN: dict[OrderedTable, str] = {
    "date": "key, param",
    "string": "key, param",
    "number": "key, param",
    "position": "key",
}


def table(schema: str, resource_type: str) -> str:
    """The quoted name of a table.

    >>> table("resource", "Group")
    'resource."Group"'
    """
    return f'{schema}."{resource_type}"'


def ordered(kind: OrderedTable, resource_type: str) -> str:
    """The quoted name of an ordered index table."""
    return table(ORDERED[kind][0], resource_type)


# Wide columns first and bytes last, so that no space is lost to alignment.
_FIXED = """
  key int8 NOT NULL,
  updated timestamptz(3) NOT NULL,
  tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
  owner int8,
  unit int8,
  version int4 NOT NULL,
  method "char" NOT NULL"""
_VARYING = """
  id text COLLATE "C" NOT NULL,
  labels int8[],
  meta jsonb,
  exact text,
  content jsonb"""


# A tsvector holds a megabyte: of a longer narrative the beginning is indexed.
NARRATIVE_WORDS = "to_tsvector('simple', left({r}content #>> '{{text,div}}', 100000))"


def resource_tables(resource_type: str) -> Iterator[str]:
    """The statements that create the current and the history table of a type."""
    current = table("resource", resource_type)
    past = table("history", resource_type)
    # `self` is the digest of "Type/id"; being unique it makes the logical id unique. `indexed` is
    # the transaction that last brought the index of this version in step, after it was written.
    yield f"""
CREATE TABLE {current} (
  self int8 NOT NULL UNIQUE,
  indexed xid8,{_FIXED},
  deleted boolean NOT NULL DEFAULT false,
  elements int8[] NOT NULL,{_VARYING},
  PRIMARY KEY (key))
  WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05)"""
    yield f"CREATE INDEX ON {current} (updated, key)"
    yield f"CREATE INDEX ON {current} USING gin (elements)"
    yield pending_lists(resource_type)
    yield f"ALTER TABLE {current} ALTER COLUMN elements SET STATISTICS 1000"
    yield (
        f"CREATE INDEX ON {current} USING gin ({NARRATIVE_WORDS.format(r='')}) "
        "WHERE content #>> '{text,div}' IS NOT NULL"
    )
    yield f"CREATE TABLE {past} ({_FIXED},{_VARYING}, PRIMARY KEY (key, version))"
    yield f"CREATE INDEX ON {past} (updated, key)"


def pending_lists(resource_type: str) -> str:
    """What keeps what was written lately, and isn't in the inverted index yet, short: in kB."""
    index = table("resource", f"{resource_type}_elements_idx")
    return f"ALTER INDEX {index} SET (gin_pending_list_limit = 64)"


def history_elements(resource_type: str) -> str:
    """What makes old versions answer to access rules: the array of the version's time."""
    return f"ALTER TABLE {table('history', resource_type)} ADD COLUMN IF NOT EXISTS elements int8[]"


def owner_index(resource_type: str) -> str:
    """What finds all that belongs to the patients somebody cares for."""
    return (
        f'CREATE INDEX CONCURRENTLY IF NOT EXISTS "{resource_type}_owner" '
        f"ON {table('resource', resource_type)} (owner)"
    )


def ordered_table(kind: OrderedTable, resource_type: str) -> Iterator[str]:
    """The statements that create one ordered index table of a type, if it isn't there."""
    schema, columns = ORDERED[kind]
    name = table(schema, resource_type)
    composite = "" if kind == "position" else "token int8, system_token int8, "
    # A column, because the planner has statistics of it, and of an expression it has none.
    long = f", long boolean GENERATED ALWAYS AS ({LONG[kind]}) STORED" if kind in LONG else ""
    yield (
        f"CREATE TABLE IF NOT EXISTS {name} "
        f"(key int8 NOT NULL, owner int8, {composite}{columns}{long}) "
        "WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05)"
    )
    for number, keys in enumerate((*DRIVING[kind], OWN[kind])):
        yield f'CREATE INDEX IF NOT EXISTS "{resource_type}_{number}" ON {name} ({keys})'
    if kind in BY_END:
        yield (
            f'CREATE INDEX IF NOT EXISTS "{resource_type}_long" ON {name} ({BY_END[kind]}) '
            "WHERE long"
        )
    if kind == "number":
        yield from quantity_index(resource_type)
    if kind == "string":
        yield (
            f'CREATE INDEX IF NOT EXISTS "{resource_type}_trigrams" ON {name} '
            "USING gin (text public.gin_trgm_ops)"
        )


def quantity_index(resource_type: str, *, concurrently: bool = False) -> Iterator[str]:
    """What makes quantities with a unit quick to find: an index by unit, and statistics.

    `unit` is the base unit of a unit of UCUM, and the index is of the ends in it.

    Without them the planner takes code, unit and parameter for independent, and expects one row
    where there are thousands.
    """
    name = ordered("number", resource_type)
    how = "CONCURRENTLY " if concurrently else ""
    if concurrently:
        # A database of an older release has the table without them.
        yield (
            f"ALTER TABLE {name} ADD COLUMN IF NOT EXISTS base_low float8, "
            "ADD COLUMN IF NOT EXISTS base_high float8"
        )
    yield (
        f'CREATE INDEX {how}IF NOT EXISTS "{resource_type}_size" ON {name} '
        "(param, token, unit, base_low, key) WHERE unit IS NOT NULL"
    )
    statistics = table("ix_number", f"{resource_type}_values")
    yield (
        f"CREATE STATISTICS IF NOT EXISTS {statistics} (mcv) "
        f"ON param, token, system_token, unit, code, label FROM {name}"
    )
    yield f"ALTER STATISTICS {statistics} SET STATISTICS 1000"


def statements(resource_type: str, kinds: Collection[OrderedTable]) -> Iterator[str]:
    """All statements that make a type storable and searchable."""
    yield from resource_tables(resource_type)
    for kind in ORDERED:
        if kind in kinds:
            yield from ordered_table(kind, resource_type)
