"""Content at the edge of what PostgreSQL holds is stored and found all the same."""

import random

from tests.builders import a_patient


def test_a_very_long_name_of_wide_characters_is_stored_and_found(client) -> None:
    chance = random.Random(1)
    name = "".join(chr(chance.randrange(0x20000, 0x2A000)) for _ in range(2000))

    made = client.post("/fhir/Patient", json=a_patient(name=[{"family": name}]))
    found = client.get("/fhir/Patient", query_string={"family": name[:50]})

    assert made.status_code == 201
    assert [e["resource"]["id"] for e in found.json["entry"]] == [made.json["id"]]


def test_a_narrative_of_megabytes_is_stored_and_its_beginning_found(client) -> None:
    words = " ".join(f"word{n}" for n in range(300_000))
    narrative = {
        "status": "generated",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml">zyzzyva {words}</div>',
    }

    made = client.post("/fhir/Patient", json=a_patient(text=narrative))
    found = client.get("/fhir/Patient?_text=zyzzyva")
    everywhere = client.get("/fhir/Patient?_content=zyzzyva&_id=" + made.json["id"])

    assert made.status_code == 201
    assert made.json["id"] in [e["resource"]["id"] for e in found.json["entry"]]
    assert everywhere.json["total"] == 1
