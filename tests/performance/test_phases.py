"""Phases and whole runs against a server in memory; its wrong answers have to show."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from stub_server import Answer, Stub, patient_bundle

from conformance.loopback import unused_port
from conformance.performance import bench, cpu, dataset, goals
from conformance.performance.client import Target
from conformance.performance.phases import Load
from conformance.performance.phases.crud import crud, shares
from conformance.performance.phases.importing import import_bundles, statuses
from conformance.performance.phases.read import read
from conformance.performance.sample import Reservoir, from_server


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for n in range(4):
        (folder / f"{n}.json").write_text(json.dumps(patient_bundle(n)))
    return folder


def run(target: Target, out: Path, *words: str) -> dict[str, object]:
    base = f"http://127.0.0.1:{target.port}/fhir"
    code = bench.main(
        [
            "--base",
            base,
            "--token",
            "secret",
            "--seconds",
            "0.3",
            "--warmup",
            "0",
            "--clients",
            "2",
            "--out",
            str(out),
            *words,
        ]
    )
    assert code == 0
    found: dict[str, object] = json.loads(out.read_text())
    return found


def test_run_measures_every_phase(stub: Stub, target: Target, data: Path, tmp_path: Path) -> None:
    families = "reference,paging,count"

    found = run(target, tmp_path / "out.json", "--data", str(data), "--families", families)

    phases = {p["phase"]: p for p in found["phases"]}
    assert list(phases) == list(bench.PHASES)
    assert all(p["total"]["errors"] == {} and p["total"]["requests"] for p in phases.values())
    assert phases["import"]["resources"] == 4 * 27
    assert set(phases["search"]["families"]) == {"count", "paging", "reference"}
    assert found["resources"] == {"before": 0, "after": 4 * 27}
    assert phases["read"]["cpu_seconds"]["driver"] >= 0
    assert "secret" not in json.dumps(found)
    assert str(tmp_path) not in json.dumps(found)
    assert any("page=20" in path for _, path in stub.requests)


def test_wrong_answers_about_codes_are_errors(stub: Stub, target: Target, tmp_path: Path) -> None:
    yes = json.dumps({"parameter": [{"name": "result", "valueBoolean": True}]}).encode()

    def always(method: str, path: str, answer: Answer) -> Answer:
        return (200, {}, yes) if "validate-code" in path else (200, {}, b"{}")

    def spoil(method: str, path: str, answer: Answer) -> Answer:
        return always(method, path, answer) if "$" in path else answer

    stub.spoil = spoil
    found = run(target, tmp_path / "out.json", "--only", "validate-code,expand")

    phases = {p["phase"]: p for p in found["phases"]}
    assert set(phases["validate-code"]["total"]["errors"]) == {"another result"}
    assert phases["validate-code"]["total"]["requests"]
    assert set(phases["expand"]["total"]["errors"]) == {"0 codes"}
    assert not any("bench-codes" in name for name in stub.resources)


def test_fast_wrong_searches_are_errors(
    stub: Stub, target: Target, data: Path, tmp_path: Path
) -> None:
    empty = json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": []}).encode()

    def nothing(method: str, path: str, answer: Answer) -> Answer:
        return (200, {}, empty) if "patient=" in path or "subject=" in path else answer

    stub.spoil = nothing
    found = run(
        target,
        tmp_path / "out.json",
        "--data",
        str(data),
        "--only",
        "import,search",
        "--families",
        "paging",
    )

    total = found["phases"][-1]["total"]
    assert total["requests"] == 0
    assert set(total["errors"]) == {"nothing found"}


def test_growth_searches_at_every_size(target: Target, data: Path, tmp_path: Path) -> None:
    found = run(
        target,
        tmp_path / "out.json",
        "--data",
        str(data),
        "--growth",
        "50,100",
        "--families",
        "reference",
    )

    assert found["growth"]["sizes"] == [54, 108]
    assert found["growth"]["p50 ratio"]["reference"] > 0


def test_growth_beyond_the_data_uses_more_bundles(
    stub: Stub, target: Target, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_demo(seed: int) -> None:
        raise ImportError("fhirserver.demo")

    monkeypatch.setattr(dataset, "from_demo", no_demo)
    run(
        target, tmp_path / "out.json", "--data", str(data), "--only", "import", "--resources", "150"
    )

    assert len(stub.resources) == 6 * 27


def test_server_filled_before_is_sampled(stub: Stub, target: Target, tmp_path: Path) -> None:
    for n in range(3):
        stub._transaction(patient_bundle(n))

    found = run(target, tmp_path / "out.json", "--only", "read,search", "--families", "reference")

    assert [p["total"]["errors"] for p in found["phases"]] == [{}, {}]


def test_server_that_can_not_be_reached_is_the_only_failure() -> None:
    assert bench.main(["--base", f"http://127.0.0.1:{unused_port()}/fhir"]) == 1


def test_import_counts_entries_that_failed(stub: Stub, load: Load, tmp_path: Path) -> None:
    def one_bad(method: str, path: str, answer: Answer) -> Answer:
        bundle = json.loads(answer[2])
        bundle["entry"][0]["response"]["status"] = "400 Bad Request"
        return 200, {}, json.dumps(bundle).encode()

    stub.spoil = one_bad
    bodies = dataset.write(tmp_path, [dataset.Bundle(json.dumps(patient_bundle(1)).encode())])

    result = import_bundles(load, bodies, Reservoir(5, __import__("random").Random(1)))

    assert result.details["resources"] == 26
    assert result.families["entry"].errors == {"status 400": 1}


def test_import_answer_has_to_have_every_entry() -> None:
    body = json.dumps(
        {
            "type": "transaction-response",
            "entry": [
                {"response": {"status": "201", "location": "http://h/fhir/Patient/1/_history/1"}}
            ],
        }
    ).encode()

    assert statuses(body, 1) == (["201"], ["Patient/1"])
    assert statuses(body, 2) == "entries missing"
    assert statuses(b"oops", 1) == "not a Bundle"


def test_crud_reads_the_version_it_wrote(stub: Stub, load: Load) -> None:
    stale = {}

    def first_version(method: str, path: str, answer: Answer) -> Answer:
        if method == "GET" and answer[0] == 200:
            return stale.setdefault(path, answer)
        return answer

    right = crud(load)
    stub.spoil = first_version
    wrong = crud(load)

    assert right.total.errors == {}
    assert "another resource or version" in wrong.total.errors


def test_crud_removes_what_it_made_and_follows_the_shares(stub: Stub, load: Load) -> None:
    mix = shares("read=2,delete=0")
    crud(load, mix)

    done = Counter(method for method, _ in stub.requests)
    assert done["DELETE"] == 0
    assert done["GET"] > 1.5 * done["PUT"]
    refers = [r for name, r in stub.resources.items() if name.startswith("Encounter/")]
    assert all(r["subject"]["reference"] in stub.resources for r in refers)


def test_read_of_another_resource_is_an_error(stub: Stub, target: Target, load: Load) -> None:
    stub._transaction(patient_bundle(1))
    sample = from_server(target, __import__("random").Random(1))
    stub.spoil = lambda method, path, answer: (
        200,
        {},
        b'{"resourceType":"Patient","id":"someone-else"}',
    )

    assert set(read(load, sample).total.errors) == {"another resource or version"}


def test_shares_must_name_interactions() -> None:
    with pytest.raises(ValueError, match="not an interaction: pach"):
        shares("pach=1")


def test_goal_is_met_or_missed() -> None:
    assert goals.SEARCH_P99.text(59.9) == "< 60 ms met"
    assert goals.IMPORT.text(1499) == ">= 1500 res/s MISSED"


def test_cpu_of_a_process_tree_is_read() -> None:
    meter = cpu.Meter({"server": {os.getppid()}})
    before = meter.read()
    sum(n * n for n in range(300_000))

    spent = meter.since(before)

    assert set(spent) == {"driver", "server", "elsewhere"}
    assert spent["driver"] > 0
