"""From admission to discharge: what the hospital's own system says by HL7 v2 is on the board at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from conformance.faults.server import Server, wait_until
from fhirserver import clock, ids
from fhirserver.embedded.roles import listens
from tests.hl7v2_gateway.v2 import a_sender, member
from tests.peers.mllp_client import MllpClient

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Admissions:
    """The system that admits: `say("A01", bed="1")` sends what happens to its one patient."""

    ward: str
    family: str
    say: Callable[..., None]


@pytest.fixture
def admissions(hospital: Server) -> Iterator[Admissions]:
    name = ids.new()[-6:].upper()
    ward, family = f"W{name}", f"Adm{name.lower()}"
    wait_until(listens("127.0.0.1", hospital.mllp_port), PATIENCE_SECONDS, "the listener is there")
    sender = a_sender("x", member("application", name), member("facility", "ADMISSIONS"))
    del sender["id"]
    admitted = clock.now() - timedelta(hours=2)
    with hospital.client() as client, MllpClient(hospital.mllp_port) as peer:
        assert client.send("POST", "Endpoint", sender).status == 201

        def say(event: str, *, bed: str, before: str = "", ended: bool = False) -> None:
            now = f"{clock.now():%Y%m%d%H%M%S}"
            place = f"{ward}^7^{bed}^ADMISSIONS"
            left = f"{ward}^7^{before}^ADMISSIONS" if before else ""
            visit = [""] * 46
            visit[0:4] = ["PV1", "1", "I", place]
            visit[6], visit[19] = left, f"V{name}^^^ADMISSIONS^VN"
            visit[44] = f"{admitted:%Y%m%d%H%M%S}"
            visit[45] = now if ended else ""
            lines = [
                f"MSH|^~\\&|{name}|ADMISSIONS|FHIR|HOSP|{now}||ADT^{event}|{ids.new()[-20:]}|P|2.5.1",
                f"EVN|{event}|{now}",
                f"PID|1||{name}-1^^^ADMISSIONS^MR||{family}^Jane||19550304|F",
                "|".join(visit),
            ]
            answer = peer.send("".join(f"{line}\r" for line in lines).encode())
            assert answer.value("MSA-1") == "AA", answer.value("ERR-8")

        yield Admissions(ward, family, say)


def bed(ward: Locator, name: str) -> Locator:
    return ward.get_by_role("button", name=re.compile(rf"^{re.escape(name)}\b"))


def test_an_admission_a_move_and_a_discharge_are_on_the_board_without_a_reload(
    open_app: Callable[..., Page],
    admissions: Admissions,
    check_accessible: Callable[[Page], None],
):
    page = open_app("board", "reception")
    expect(page.get_by_role("heading", level=2, name="Medical Ward")).to_be_visible()
    ward = page.get_by_role("region", name=admissions.ward)

    admissions.say("A01", bed="1")
    expect(bed(ward, "7, 1")).to_contain_text(f"{admissions.family.upper()}, Jane")
    expect(ward).to_contain_text("1 of 1 occupied")

    admissions.say("A02", bed="2", before="1")
    expect(bed(ward, "7, 2")).to_contain_text(f"{admissions.family.upper()}, Jane")
    expect(bed(ward, "7, 1")).to_contain_text("to be cleaned")
    check_accessible(page)

    admissions.say("A03", bed="2", ended=True)
    expect(bed(ward, "7, 2")).to_contain_text("to be cleaned")
    expect(page.get_by_text(f"{admissions.family.upper()}, Jane")).to_have_count(0)
