"""The conformance statement is kept: associations get what its tables promise."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import pytest
from pynetdicom import AE, build_context
from pynetdicom.presentation import PresentationContext

from dicom_gateway.partners import MAY
from docs import reference
from tests.dicom_gateway.dimse.conftest import Listening
from tests.dicom_gateway.dimse.peers import OURS

STATEMENT = (reference.FOLDER / "dicom-conformance.md").read_text()
MOST_CONTEXTS = 128


def rows(heading: str) -> list[list[str]]:
    """The rows of the table under a heading of the statement."""
    _, _, after = STATEMENT.partition(f"\n{heading}\n")
    table = re.split(r"\n#", after)[0]
    lines = [line for line in table.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def uids(heading: str) -> list[str]:
    return [row[-1] for row in rows(heading)]


def batches(pairs: Sequence[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    left = iter(pairs)
    while some := list(islice(left, MOST_CONTEXTS)):
        yield some


def accepted(
    listening: Listening, title: str, pairs: Sequence[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Of pairs of a class and a transfer syntax those that are accepted, a context for each."""
    found: set[tuple[str, str]] = set()
    for some in batches(pairs):
        ae = AE(ae_title=title)
        contexts: list[PresentationContext] = [build_context(c, t) for c, t in some]
        association = ae.associate("127.0.0.1", listening.port, contexts, ae_title=OURS)
        assert association.is_established
        found |= {
            (str(c.abstract_syntax), str(c.transfer_syntax[0]))
            for c in association.accepted_contexts
        }
        association.release()
        ae.shutdown()
    return found


@pytest.fixture
def services() -> list[tuple[str, str, str]]:
    """UID, names of transfer syntaxes, and right of each operation."""
    return [(row[2], row[3], row[4]) for row in rows("## Presentation contexts")]


def test_every_storage_class_is_accepted_in_every_transfer_syntax(
    listening: Listening, enter: Callable[..., str]
) -> None:
    classes, syntaxes = uids("### SOP classes"), uids("### Transfer syntaxes")
    pairs = [(c, t) for c in classes for t in syntaxes]

    assert len(classes) > 150
    assert len(syntaxes) > 40
    assert accepted(listening, enter(may=["store"]), pairs) == set(pairs)


def test_every_service_is_accepted_from_who_may_use_it_and_from_nobody_else(
    listening: Listening, enter: Callable[..., str], services: list[tuple[str, str, str]]
) -> None:
    plain = ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"]
    pairs = [(uid, t) for uid in dict.fromkeys(s[0] for s in services) for t in plain]
    needed = {uid: may for uid, _, may in services}

    assert accepted(listening, enter(may=sorted(MAY)), pairs) == set(pairs)
    for right in sorted(MAY):
        allowed = {(uid, t) for uid, t in pairs if needed[uid] in {right, "all"}}
        assert accepted(listening, enter(may=[right]), pairs) == allowed
