"""The tables and indexes of the three layouts, and how each index row follows from a resource row.

A hybrid: `values int8[]` with GIN on the resource row, narrow rows for what ranges or orders.
B narrow: a row `(hash, updated, key)` per equality value; ranges as in A.
C jsonb:  GIN jsonb_path_ops on the content, expression B-trees.
The resource table and the range tables are shared, so that every layout searches the same rows.
"""

from __future__ import annotations

from typing import Final

from generate import COLUMNS, TYPES, Sizes, rows

# type -> [(param number, low, high)], in microseconds since 1970; each is one row of <type>_date
DATES: Final[dict[str, list[tuple[int, str, str]]]] = {
    "observation": [(1, "content->>'effectiveDateTime'", "content->>'effectiveDateTime'")],
    "encounter": [(1, "content#>>'{period,start}'", "content#>>'{period,end}'")],
    "procedure": [(1, "content->>'performedDateTime'", "content->>'performedDateTime'")],
    "claim": [(1, "content->>'created'", "content->>'created'")],
    "patient": [(1, "content->>'birthDate'", "content->>'birthDate'")],
    "diagnosticreport": [
        (1, "content->>'effectiveDateTime'", "content->>'effectiveDateTime'"),
        (2, "content->>'issued'", "content->>'issued'"),
    ],
}

CREATE_DATE: Final = "CREATE TABLE {t} (param int4 NOT NULL, low int8 NOT NULL, high int8 NOT NULL, key int8 NOT NULL, owner int8)"
CREATE_QUANTITY: Final = "CREATE TABLE {t} (param int4 NOT NULL, token int8 NOT NULL, low float8 NOT NULL, high float8 NOT NULL, key int8 NOT NULL, owner int8)"
CREATE_STRING: Final = 'CREATE TABLE {t} (param int4 NOT NULL, value text COLLATE "C" NOT NULL, key int8 NOT NULL, owner int8)'
CREATE_NARROW: Final = (
    "CREATE TABLE {t} (hash int8 NOT NULL, updated timestamptz NOT NULL, key int8 NOT NULL)"
)


def dates_of(kind: str, source: str) -> str:
    """Date rows of the resources in `source`."""
    parts = (
        f"SELECT {param}, us(({low})::timestamptz), us(({high})::timestamptz) + 999999, key, owner FROM {source}"
        for param, low, high in DATES[kind]
    )
    return " UNION ALL ".join(parts)


def quantities_of(source: str) -> str:
    """value-quantity (param 1, no unit named) and code-value-quantity (param 2, token = system|code of the code)."""
    return f"""
SELECT p.param, CASE p.param WHEN 1 THEN 0 ELSE h((content#>>'{{code,coding,0,system}}') || '|' || (content#>>'{{code,coding,0,code}}')) END,
       v.value - 0.05, v.value + 0.05, key, owner
FROM {source}, LATERAL (SELECT (content#>>'{{valueQuantity,value}}')::float8 AS value OFFSET 0) v, (VALUES (1), (2)) p (param)
WHERE v.value IS NOT NULL"""


def strings_of(source: str) -> str:
    """Patient: family (1), given (2), name (3), address (4), folded."""
    return f"""
SELECT p.param, lower(p.value), key, owner FROM {source}, LATERAL (VALUES
  (1, content#>>'{{name,0,family}}'), (2, content#>>'{{name,0,given,0}}'), (2, content#>>'{{name,0,given,1}}'),
  (3, content#>>'{{name,0,family}}'), (3, content#>>'{{name,0,given,0}}'), (3, content#>>'{{name,0,given,1}}'),
  (4, content#>>'{{address,0,city}}'), (4, content#>>'{{address,0,line,0}}'), (4, content#>>'{{address,0,postalCode}}')) p (param, value)"""


def create_main(table: str) -> str:
    return f"CREATE TABLE {table} ({COLUMNS})"


def split_table() -> list[str]:
    """A with what is searched in a table of its own: 300 bytes a row instead of 1,600."""
    return [
        "DROP TABLE IF EXISTS observation_index",
        'CREATE TABLE observation_index AS SELECT key, owner, updated, "values" FROM observation',
        "ALTER TABLE observation_index ADD PRIMARY KEY (key)",
        "CREATE INDEX observation_index_updated ON observation_index (updated DESC, key)",
        'CREATE INDEX observation_index_values ON observation_index USING gin ("values") WITH (fastupdate = off)',
        'ALTER TABLE observation_index ALTER "values" SET STATISTICS 1000',
        "VACUUM ANALYZE observation_index",
    ]


def main_indexes(kind: str) -> list[str]:
    return [
        f"ALTER TABLE {kind} ADD PRIMARY KEY (key)",
        f"CREATE UNIQUE INDEX {kind}_id ON {kind} (id)",
        f"CREATE INDEX {kind}_updated ON {kind} (updated DESC, key)",
        f"CREATE UNIQUE INDEX {kind}_self ON {kind} (self)",
    ]


def gin(kind: str) -> str:
    return f'CREATE INDEX {kind}_values ON {kind} USING gin ("values") WITH (fastupdate = off)'


def jsonb_indexes(kind: str) -> list[str]:
    """What layout C needs: one GIN for equality and an expression B-tree for each value that ranges or orders."""
    expressions = {
        "observation": [
            "(content->>'effectiveDateTime')",
            "((content#>>'{valueQuantity,value}')::numeric)",
        ],
        "patient": ["(content->>'birthDate')"],
    }
    made = [
        f"CREATE INDEX {kind}_content ON {kind} USING gin (content jsonb_path_ops) WITH (fastupdate = off)"
    ]
    made += [
        f"CREATE INDEX {kind}_expression_{n} ON {kind} ({e})"
        for n, e in enumerate(expressions.get(kind, []))
    ]
    return [*made, f"ANALYZE {kind}"]


def narrow_indexes(kind: str) -> list[str]:
    return [
        f"CREATE INDEX {kind}_eq_hash ON {kind}_eq (hash, updated DESC, key)",
        f"CREATE INDEX {kind}_eq_key ON {kind}_eq (key)",
        # As good as the array's statistics; at the default a patient with 100 rows is taken for 5,000.
        f"ALTER TABLE {kind}_eq ALTER hash SET STATISTICS 1000",
        f"ANALYZE {kind}_eq",
    ]


def fill_main(kind: str, sizes: Sizes) -> list[str]:
    """Create and fill a resource table in one transaction (no write-ahead log under wal_level=minimal), then index it."""
    select = rows(kind, sizes).replace("{lo}", "1").replace("{hi}", str(sizes.of(kind)))
    # A CREATE and its INSERT sent as one statement string are one transaction.
    return [f"{create_main(kind)}; INSERT INTO {kind} {select}", *main_indexes(kind)]


def fill_ranges(kind: str) -> list[str]:
    statements = [
        f"{CREATE_DATE.format(t=kind + '_date')}; INSERT INTO {kind}_date {dates_of(kind, kind)}",
        f"CREATE INDEX {kind}_date_value ON {kind}_date (param, low, high, key)",
        f"CREATE INDEX {kind}_date_key ON {kind}_date (key, param, low, high)",
        f"ANALYZE {kind}_date",
    ]
    if kind == "observation":
        statements += [
            f"{CREATE_QUANTITY.format(t='observation_quantity')}; INSERT INTO observation_quantity {quantities_of(kind)}",
            "CREATE INDEX observation_quantity_value ON observation_quantity (param, token, low, key)",
            "CREATE INDEX observation_quantity_key ON observation_quantity (key)",
            "ANALYZE observation_quantity",
        ]
    if kind == "patient":
        statements += [
            f"{CREATE_STRING.format(t='patient_string')}; INSERT INTO patient_string {strings_of(kind)}",
            "CREATE INDEX patient_string_value ON patient_string (param, value, key)",
            "CREATE INDEX patient_string_key ON patient_string (key)",
            "ANALYZE patient_string",
        ]
    return statements


def fill_narrow(kind: str) -> list[str]:
    table = f"{kind}_eq"
    return [
        f'{CREATE_NARROW.format(t=table)}; INSERT INTO {table} SELECT unnest("values"), updated, key FROM {kind}',
        *narrow_indexes(kind),
    ]


def index_main(kind: str, target: int) -> list[str]:
    return [
        gin(kind),
        f'ALTER TABLE {kind} ALTER "values" SET STATISTICS {target}',
        f"ANALYZE {kind}",
    ]


OTHERS: Final = tuple(t for t in TYPES if t != "observation")
