"""The dictionary of display texts that `:text` searches look through.

Resources carry an element for each of their display texts; this table says which text it stands
for. It only grows, with the number of different texts, not of resources.
"""

from __future__ import annotations

from collections.abc import Iterable

from fhirserver.search.index import TextEntry
from fhirserver.storage.database import Database
from fhirserver.storage.versions import array

MOST_KNOWN = 200_000


class TextDictionary:
    """Adds the texts that this process hasn't added or seen before."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: set[tuple[int, int]] = set()

    def add(self, entries: Iterable[TextEntry]) -> None:
        """Make sure that these texts can be found.

        Committed on its own, before the resources that have them: a text without resources harms
        nobody, and no lock outlives the statement.
        """
        new = {(e.param, e.element): e for e in entries if (e.param, e.element) not in self._known}
        if not new:
            return
        ordered = [new[key] for key in sorted(new)]
        self._database.write_aside(
            "INSERT INTO fhir.token_text (param, element, text) "
            "SELECT * FROM unnest(%s::int4[], %s::int8[], %s::text[]) ON CONFLICT DO NOTHING",
            (
                array(e.param for e in ordered),
                array(e.element for e in ordered),
                [e.text for e in ordered],
            ),
        )
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        self._known.update(new)
