"""No statement names a table of resources without asking what the caller may see."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import fhirserver.storage

FOLDER = Path(fhirserver.storage.__file__).parent
GUARDS = {"where", "seen", "meets", "_matching", "_visible", "_with_content", "_ordered_key"}
SCHEMAS = {"resource", "history", "ix_date", "ix_string", "ix_number", "ix_position"}

FREE = {
    # What makes, moves and removes rows; the right to it is asked by holding.py and meeting.
    "writer.py": {"_create_statement", "_update_statement", "difference"},
    "expunging.py": {"remove_all", "_removed"},
    "reindex.py": {"_writers", "_begin", "_batch", "_read", "_rows_there", "_write"},
    "schema.py": None,
    "restored.py": None,
    # Definitions, which the server reads for itself and everybody may see.
    "conformance.py": None,
    # Marks a table as changed, without a row.
    "concept_rows.py": {"mark_change"},
    # What decides about rights, which the server reads before there are any.
    "policies.py": None,
    "target_owners.py": None,
    "care.py": {"sources_of"},
    # Flags for each row tell what may be done with it.
    "holding.py": {"held", "lock_current"},
    # The record is written, chained, checked and ended by the server itself.
    "audit_events.py": {"beside"},
    "audit_retention.py": {"remove"},
    "audit_seals.py": {"unsealed", "links", "without_seal"},
    # Destroys keys; it shows nothing.
    "keys.py": {"destroy_of_owner"},
    # Patients whose data an export has asked for already, for the record.
    "disclosed.py": {"patients"},
    # Whom the gateway talks to: the server reads that for itself.
    "messages.py": {"partners"},
    # What became of the gateway's own questions and answers, which it writes itself.
    "coded_messages.py": {"version_of", "ever"},
    # Which changes a workflow isn't for: it shows nothing.
    "observed.py": {"of_other_status"},
    # A name for what delivery has asked about already.
    "subscriptions.py": {"ids_of"},
    # Whether there is any row of a type; how many the planner thinks there are.
    "searches.py": {"types_in_use"},
    "sizes.py": None,
    # For who may see everything, as of_everything makes sure; `_span` looks at times only.
    "history.py": {"_logged", "_span"},
    # For of_everything, and for the reactions of the server itself.
    "numbered.py": None,
    # Asked before it is known who may hear of it; `shown` is guarded.
    "pushed.py": {"about"},
    # What they name is only a part: the statement around it is guarded.
    "search_sql/builder.py": None,
    "search_sql/sorting.py": {"_ordered_key"},
    "search_sql/pages.py": {"_by_rows", "_keys_of_rows"},
    "search_sql/conditions.py": {"_exists", "_is_old_version_of"},
}


def test_every_statement_on_resources_asks_what_the_caller_may_see() -> None:
    unguarded = [
        f"{name}: {function.name}"
        for name, function in _functions()
        if _names_resources(function)
        and not _is_free(name, function.name)
        and not _calls(function) & GUARDS
    ]

    assert unguarded == []


def test_nothing_is_excused_that_is_gone() -> None:
    there: dict[str, set[str]] = {}
    for name, function in _functions():
        there.setdefault(name, set()).add(function.name)

    for name, functions in FREE.items():
        assert name in there
        assert (functions or set()) <= there[name], name


def _functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for file in sorted(FOLDER.rglob("*.py")):
        name = str(file.relative_to(FOLDER))
        if not name.startswith("migrations"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.FunctionDef):
                    yield name, node


def _is_free(name: str, function: str) -> bool:
    return name in FREE and (FREE[name] is None or function in FREE[name])


def _calls(function: ast.FunctionDef) -> set[str]:
    return {
        c.func.id if isinstance(c.func, ast.Name) else c.func.attr
        for c in ast.walk(function)
        if isinstance(c, ast.Call) and isinstance(c.func, ast.Name | ast.Attribute)
    }


def _names_resources(function: ast.FunctionDef) -> bool:
    """Whether it names a table by `table`, `ordered`, the builder, or spelled out."""
    texts = " ".join(
        n.value
        for n in ast.walk(function)
        if isinstance(n, ast.Constant) and isinstance(n.value, str)
    )
    spelled = any(f'{schema}."' in texts for schema in SCHEMAS)
    return spelled or bool(_calls(function) & {"table", "ordered", "resource"})
