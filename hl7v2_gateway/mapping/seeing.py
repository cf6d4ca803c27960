"""A segment of a parsed message as a view: every field split and unescaped, once.

The only place where the conversion touches the parser.
"""

from __future__ import annotations

from hl7v2_gateway.er7.segments import Segment
from hl7v2_gateway.mapping.views import Repetition, View


def seen(segment: Segment) -> View:
    """The view of a segment; MSH-1 and MSH-2 are kept whole."""
    syntax = segment.syntax
    between_repetitions, between_components, between_parts, escape = syntax.characters
    unescape = syntax.unescape
    separator = syntax.delimiters.field
    raw_fields = segment.raw.split(separator)
    first = 1
    fields: list[tuple[Repetition, ...]] = [()]
    if segment.is_literal(1):
        fields.append((Repetition(((separator,),)),))
        if len(raw_fields) > 1:
            fields.append((Repetition(((raw_fields[1],),)),))
        first = 2
    for raw in raw_fields[first:]:
        if not raw:
            fields.append(())
            continue
        repetitions = []
        says = False
        for part in raw.split(between_repetitions) if between_repetitions in raw else (raw,):
            if between_components not in part and between_parts not in part:
                text = unescape(part) if escape in part else part
                repetitions.append(Repetition(((text,),)))
                says = says or text != ""
                continue
            components = tuple(
                tuple(
                    unescape(leaf) if escape in leaf else leaf
                    for leaf in (piece.split(between_parts) if between_parts in piece else (piece,))
                )
                for piece in part.split(between_components)
            )
            repetition = Repetition(components)
            repetitions.append(repetition)
            says = says or bool(repetition)
        fields.append(tuple(repetitions) if says else ())
    return View(segment.name, segment.index, fields)
