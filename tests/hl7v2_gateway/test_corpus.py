"""Every message of the corpus is read, grouped and written again, and what is wrong with it is told.

What is expected of each is what the manifest of the corpus says of it, found by other tools than ours.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from hl7v2_gateway import er7
from hl7v2_gateway.acknowledging import ACCEPTED, acknowledge, modes, refuse
from hl7v2_gateway.grammar import grouped

FOLDER = Path(__file__).parents[3] / "shared/data/hl7v2/messages"
pytestmark = pytest.mark.skipif(
    not FOLDER.exists(), reason="the corpus of HL7 v2 messages isn't here (../shared/data/hl7v2)"
)

TOLD = {
    "no-control-id": ("101", "MSH-10"),
    "bad-version": ("101", "MSH-12"),
    "bad-version:": ("203", "MSH-12"),
    "nonstd-delims": ("102", "MSH-2"),
    "bad-segid": ("100", ""),
    "bad-seg-delim": ("100", ""),
    "short-msh": ("101", "MSH-12"),
}
"""What the manifest calls a problem, and the code and place in which we tell it."""
NOT_OURS = {"bad-msh9", "msh-only", "replacement-char", "truncation"}
"""What a parser can't know (which types there are), what is allowed, and what was lost before."""
EXPECTED = Counter(
    {
        "no-control-id": 51, "bad-version": 4, "bad-version:": 3, "nonstd-delims": 10,
        "bad-segid": 4, "bad-seg-delim": 4, "short-msh": 3,
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def corpus() -> list[tuple[dict, er7.Message]]:
    entries = [json.loads(line) for line in (FOLDER / "MANIFEST.jsonl").read_text().splitlines()]
    return [(entry, er7.parse((FOLDER / entry["file"]).read_bytes())) for entry in entries]


def kind(problem: str) -> str:
    name, _, value = problem.partition(":")
    if name == "nonstd-delims" and value in {"^~\\&#", "^~#"}:
        # The truncation character of 2.7 is as it should be; without & it is told below.
        return "truncation" if value == "^~\\&#" else name
    return f"{name}:" if name == "bad-version" and value else name


def told(message: er7.Message) -> set[tuple[str, str]]:
    problems = (*message.problems, *message.header.problems())
    return {(p.code, p.place.path) for p in problems} | {(p.code, "") for p in problems}


def test_every_message_is_read_and_its_flaws_are_told(corpus) -> None:
    seen: Counter[str] = Counter()
    for entry, message in corpus:
        kinds = {kind(problem) for problem in entry["problems"]} - NOT_OURS
        seen.update(kinds)
        for name in kinds:
            assert TOLD[name] in told(message), (entry["file"], name)

    assert seen == EXPECTED


def test_nothing_grave_is_told_of_messages_without_flaws(corpus) -> None:
    for entry, message in corpus:
        if not entry["problems"]:
            grave = [
                p for p in (*message.problems, *message.header.problems()) if p.severity == "E"
            ]
            assert {p.place.path for p in grave} <= {"MSH-11"}, entry["file"]


def test_segments_are_those_that_others_found(corpus) -> None:
    for entry, message in corpus:
        if not entry["problems"]:
            assert len(message.segments) == entry["segments"], entry["file"]
            assert ",".join(s.name for s in message.segments).startswith(entry["seglist"])


def test_every_segment_is_in_the_tree_once(corpus) -> None:
    for entry, message in corpus:
        placed = sorted(p.segment.index for _, p in grouped(message).walk())
        assert placed == list(range(len(message.segments))), entry["file"]


def test_what_was_read_can_be_written_and_read_again(corpus) -> None:
    for entry, message in corpus:
        lines = [er7.line_of(segment) for segment in message.segments]
        again = er7.parse(er7.compose(lines, message.delimiters, "UNICODE UTF-8"), "UNICODE UTF-8")
        assert [er7.line_of(s) for s in again.segments] == lines, entry["file"]


def test_every_message_is_acknowledged_with_its_own_id(corpus) -> None:
    for entry, message in corpus:
        for mode in modes(message):
            ack = er7.parse(acknowledge(message, ACCEPTED, mode))
            assert ack.header.control_id
            assert ack.value("MSA-2") == (message.header.control_id or None), entry["file"]


@pytest.mark.parametrize("folder", ["_fragments", "_batch_files"])
def test_what_is_no_message_is_read_or_refused(folder: str) -> None:
    for file in sorted((FOLDER / folder).iterdir()):
        raw = file.read_bytes()
        try:
            answer = er7.parse(raw)
            assert list(grouped(answer).walk())
        except er7.Malformed as error:
            answer = er7.parse(refuse(raw, error))
        assert answer.segments
