"""Verifying: whether the events are those that were sealed, in their order and without a gap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from fhirserver.audit.chain import GENESIS, ChainKeys, digest, stated
from fhirserver.model import json
from fhirserver.search.extract import extract
from fhirserver.search.parameters import base_parameters
from fhirserver.search.site import Site
from fhirserver.storage import audit_seals as stored
from fhirserver.storage.audit_seals import Link, Signed
from fhirserver.storage.database import Database

AT_ONCE: Final = 2_000
_NEAR: Final = 5_000

Trouble = Literal[
    "changed", "removed", "inserted", "reordered", "hidden", "checkpoint", "tombstone"
]


@dataclass(frozen=True, slots=True)
class Finding:
    """The first thing that is wrong: at which link, and which event, where that is known."""

    trouble: Trouble
    seq: int
    id: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many links were checked, from which to which, and what is wrong.

    `end` is where the chain ended: beyond `last` when only a part was asked for.
    """

    checked: int
    first: int
    last: int
    finding: Finding | None = None
    end: int = 0


class _Found(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.text)
        self.finding = finding


def verify(
    database: Database,
    keys: ChainKeys,
    *,
    site: Site | None = None,
    kept: Signed | None = None,
    tell: Callable[[int], None] = lambda _: None,
    after: int = 0,
    most: int | None = None,
) -> Verdict:
    """Check the whole chain; stops at the first link that is wrong.

    `after` and `most` check a part of it: the links after that number, about so many. The link of
    that number is taken as it is, since who goes on from there has checked it before: without the
    key nobody can make those that follow fit another one.

    With a `site`, whether each event can still be found by what it says is checked, too. `kept` is
    a checkpoint that was kept elsewhere. `tell` hears how many links have been checked.
    """
    begin = stored.last_tombstone(database)
    seq, mac, checked = 0, GENESIS, 0
    first, end = 1, stored.head(database)
    try:
        if begin is not None:
            seq, mac = _beginning(keys, begin)
        if after > seq:
            seq, mac = after, _link_at(database, after)
        first = seq + 1
        # What is sealed after `end` is checked the next time.
        while links := stored.links(database, seq, AT_ONCE):
            signed = {c.seq: c for c in stored.checkpoints(database, seq, links[-1].seal.seq)}
            for link in links:
                if end is None or link.seal.seq > end.seq:
                    break
                mac = _check(database, keys, link, seq + 1, mac)
                seq = link.seal.seq
                if site is not None:
                    _check_index(link, site)
                if seq in signed:
                    _check_statement(keys, signed[seq], seq, mac)
                if kept is not None and kept.seq == seq:
                    _check_statement(keys, kept, seq, mac)
                checked += 1
            tell(checked)
            if end is None or links[-1].seal.seq >= end.seq:
                break
            if most is not None and checked >= most:
                return Verdict(checked, first, seq, end=end.seq)
        _check_end(database, keys, seq, mac, end, kept)
    except _Found as found:
        return Verdict(checked, first, seq, found.finding, 0 if end is None else end.seq)
    return Verdict(checked, first, seq, end=seq)


def _link_at(database: Database, seq: int) -> bytes:
    found = stored.links(database, seq - 1, 1)
    if not found or found[0].seal.seq != seq:
        raise _Found(Finding("removed", seq, None, "the seal in this place is missing"))
    return found[0].seal.mac


def _beginning(keys: ChainKeys, tombstone: Signed) -> tuple[int, bytes]:
    if not keys.is_ours(tombstone) or stated(tombstone) != (tombstone.seq, tombstone.mac):
        raise _Found(
            Finding("tombstone", tombstone.seq, None, "what says that old events were removed when "
                    "their time was over was not signed by this server")
        )  # fmt: skip
    return tombstone.seq, tombstone.mac


def _check(database: Database, keys: ChainKeys, link: Link, expected: int, mac: bytes) -> bytes:
    """The link's own value, when it and its event are as they were made."""
    seal = link.seal
    if seal.seq != expected:
        text = f"the seals {expected} to {seal.seq - 1} are missing"
        raise _Found(Finding("removed", expected, None, text))
    if keys.link(mac, seal.seq, seal.digest) != seal.mac:
        near = stored.digests_near(database, seal.seq, _NEAR)
        if any(keys.link(mac, seal.seq, d) == seal.mac for d in near):
            text = "another event was sealed in this place: the order was changed"
            raise _Found(Finding("reordered", seal.seq, link.id, text))
        text = "the seal is not of this server: the event, or its seal, was put in or changed"
        raise _Found(Finding("inserted", seal.seq, link.id, text))
    if link.text is None:
        text = "the event that was sealed in this place is gone"
        raise _Found(Finding("removed", seal.seq, None, text))
    now = digest(link.text)
    if now != seal.digest:
        if stored.places_of(database, now):
            text = "another event was sealed in this place: the order was changed"
            raise _Found(Finding("reordered", seal.seq, link.id, text))
        text = "the event is not as it was sealed"
        raise _Found(Finding("changed", seal.seq, link.id, text))
    return seal.mac


def _check_index(link: Link, site: Site) -> None:
    if link.content is None:
        return
    resource = {"resourceType": "AuditEvent", **json.parse_object(link.content.encode())}
    if not set(extract(resource, base_parameters(), site).elements) <= {*link.elements}:
        text = "the event isn't found by all that it says: run `fhirserver reindex AuditEvent`"
        raise _Found(Finding("hidden", link.seal.seq, link.id, text))


def _check_statement(keys: ChainKeys, signed: Signed, seq: int, mac: bytes) -> None:
    if not keys.is_ours(signed):
        text = f"the checkpoint of {signed.made:%Y-%m-%d %H:%M} was not signed by this server"
        raise _Found(Finding("checkpoint", seq, None, text))
    if stated(signed) != (seq, mac):
        text = f"the chain is another one than at the checkpoint of {signed.made:%Y-%m-%d %H:%M}"
        raise _Found(Finding("checkpoint", seq, None, text))


def _check_end(
    database: Database,
    keys: ChainKeys,
    seq: int,
    mac: bytes,
    end: stored.Head | None,
    kept: Signed | None,
) -> None:
    last = stored.last_checkpoint(database)
    for signed in (last, kept):
        if signed is not None and signed.seq > seq:
            if not keys.is_ours(signed):
                _check_statement(keys, signed, signed.seq, b"")
            text = f"the chain ends before the checkpoint of {signed.made:%Y-%m-%d %H:%M}"
            raise _Found(Finding("removed", seq + 1, None, text))
    if end is None:
        return
    if (end.seq, end.mac) != (seq, mac):
        text = "the end of the chain is not the one that was reached"
        raise _Found(Finding("removed", seq + 1, None, text))
    extra = stored.without_seal(database, end.bound)
    if extra is not None:
        text = "the event has no seal, although all of its time have one: it was put in later"
        raise _Found(Finding("inserted", seq, extra, text))
