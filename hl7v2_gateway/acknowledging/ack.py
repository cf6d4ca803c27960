"""The message ACK: MSH, MSA and ERR as the version of the acknowledged message has them.

HL7 v2.8.2, 2.13.1 (ACK), 2.14.8 (MSA), 2.14.5 (ERR); v2.4, 2.16.4 for ERR-1 of before 2.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Final

from fhirserver import clock, ids
from hl7v2_gateway import er7
from hl7v2_gateway.acknowledging.modes import Mode
from hl7v2_gateway.acknowledging.outcome import ACCEPT, ACCEPTED, NAMES, ORIGINAL, Outcome
from hl7v2_gateway.acknowledging.templates import OWN, TIME, Templates
from hl7v2_gateway.er7 import Delimiters, Line, Message, Problem

_SPARE: Final = "^~\\&#@%$!*"
_ECHOED: Final = {3: 5, 4: 6, 5: 3, 6: 4, 11: 11, 12: 12, 18: 18}
"""Fields of the acknowledgement's MSH, and those of the message that they repeat."""
_LONGEST_ID: Final = 20
"""Of MSH-10 before version 2.7."""
_TEMPLATES: Final = Templates()


def acknowledge(message: Message, outcome: Outcome, mode: Mode = "original") -> bytes:
    """The acknowledgement as bytes. Whether one is owed at all says `modes.is_owed`."""
    kind = _kind(message)
    if outcome == ACCEPTED:
        unfilled = {"7": TIME, "10": OWN}
        found = _TEMPLATES.of(
            message, mode, lambda: reply(message, outcome, mode, kind, header=unfilled)
        )
        if found is not None:
            template, control = found
            return template.filled(_now(), _own(_version(message.header.version)), control)
    return reply(message, outcome, mode, kind)


def reply(
    message: Message,
    outcome: Outcome,
    mode: Mode,
    kind: Mapping[str, str],
    more: Sequence[Line] = (),
    header: Mapping[str, str] | None = None,
) -> bytes:
    """What is answered to a message, as bytes: an acknowledgement, or with `more` a response.

    `kind` is its MSH-9, by component; `header` are further values of its MSH.
    """
    version = _version(message.header.version)
    codes = ACCEPT if mode == "accept" else ORIGINAL
    lines = [
        _header(message, version, mode, kind, header or {}),
        _msa(message, codes[outcome.verdict], outcome, version),
        *_errors(outcome.problems, version),
        *more,
    ]
    delimiters = _complete(message.delimiters)
    return er7.compose(lines, delimiters, message.codec, "replace")


def _now() -> str:
    return clock.now().astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")


def _own(version: tuple[int, ...]) -> str:
    own = ids.new()
    return own if version >= (2, 7) else own.replace("-", "")[:_LONGEST_ID]


def _version(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split("."))
    except ValueError:
        return (2, 5, 1)


def _kind(message: Message) -> dict[str, str]:
    header = message.header
    version = _version(header.version)
    found = {"1": "ACK"}
    if header.event and version >= (2, 2):
        found["2"] = header.event
        if version >= (2, 3, 1):
            found["3"] = "ACK"
    return found


def _header(
    message: Message,
    version: tuple[int, ...],
    mode: Mode,
    kind: Mapping[str, str],
    more: Mapping[str, str],
) -> Line:
    header = message.header
    asked = er7.line_of(header.segment).values
    values = {
        f"{ours}{path[len(str(theirs)) :]}": text
        for ours, theirs in _ECHOED.items()
        for path, text in asked.items()
        if path.startswith(f"{theirs}(")
    }
    values["7"] = _now()
    values |= {f"9.{component}": text for component, text in kind.items()}
    values["10"] = _own(version)
    if mode != "original":
        values["15"] = values["16"] = "NE"
    return er7.line("MSH", {**values, **more})


def _msa(message: Message, code: str, outcome: Outcome, version: tuple[int, ...]) -> Line:
    asked = er7.line_of(message.header.segment).values
    values = {f"2{p.removeprefix('10')}": v for p, v in asked.items() if p.startswith("10(")}
    values["1"] = code
    first = next((problem for problem in outcome.problems if problem.severity in "EF"), None)
    if first and version < (2, 5):
        values["3"] = f"{first.place.path}: {first.text}"[:80]
        if version >= (2, 2):
            values |= {"6.1": first.code, "6.2": NAMES.get(first.code, ""), "6.3": "HL70357"}
    return er7.line("MSA", values)


def _errors(problems: tuple[Problem, ...], version: tuple[int, ...]) -> list[Line]:
    if version < (2, 5):
        grave = [problem for problem in problems if problem.severity in "EF"]
        values: dict[str, str] = {}
        for n, problem in enumerate(grave, 1):
            values |= {
                f"1({n}).1": problem.place.segment,
                f"1({n}).2": str(problem.place.sequence),
                f"1({n}).3": str(problem.place.field or ""),
                f"1({n}).4.1": problem.code,
                f"1({n}).4.2": NAMES.get(problem.code, ""),
                f"1({n}).4.3": "HL70357",
            }
        return [er7.line("ERR", values)] if values else []
    return [er7.line("ERR", _error(problem)) for problem in problems]


def _error(problem: Problem) -> dict[str, str]:
    place = {f"2.{n}": part for n, part in enumerate(str(problem.place).split("^"), 1)}
    return place | {
        "3.1": problem.code,
        "3.2": NAMES.get(problem.code, ""),
        "3.3": "HL70357",
        "4": problem.severity,
        "8": problem.text,
    }


def _complete(delimiters: Delimiters) -> Delimiters:
    """The delimiters of the message, with those that it leaves out: we need them all."""
    d = delimiters
    wanted = [d.component, d.repetition, d.escape, d.subcomponent]
    for n, character in enumerate(wanted):
        if not character:
            taken = {d.field, d.truncation, *wanted}
            wanted[n] = next(
                c for c in er7.STANDARD.encoding_characters[n] + _SPARE if c not in taken
            )
    component, repetition, escape, subcomponent = wanted
    return Delimiters(d.field, component, repetition, escape, subcomponent, d.truncation)
