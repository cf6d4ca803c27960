"""120 patients of Synthea, as they come: nothing is refused, and everything reads back."""

import bz2
import json
from collections import Counter
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest

from fhirserver.access.principal import Principal
from fhirserver.access.scopes import scopes
from fhirserver.interactions.messages import FhirRequest
from fhirserver.loader.loading import load as load_with_processes
from fhirserver.settings import Settings

DATA = Path(__file__).parents[3] / "shared/data/synthea"
ANYBODY = Principal("test", scopes("system/*.r"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the test data are absent: {DATA}"),
]


@pytest.mark.timeout(1800)
def test_everything_is_loaded_and_reads_back(empty_url, engine):
    summary = load_with_processes(Settings(database_url=empty_url), [DATA])

    wanted = Counter(map(essence, resources()))
    types = Counter(kind for kind, _ in wanted.elements())
    assert summary.refused == []
    assert {t: by["created"] for t, by in summary.by_type().items()} == types
    with psycopg.connect(empty_url) as connection:
        for kind, number in types.items():
            ids = connection.execute(f'SELECT id FROM resource."{kind}"').fetchall()
            assert len(ids) == number, kind
            found = Counter(essence(read(engine, kind, i)) for (i,) in ids)
            assert found == Counter({k: n for k, n in wanted.items() if k[0] == kind}), kind


def resources():
    for path in sorted(DATA.glob("*.json.bz2")):
        bundle = json.loads(bz2.decompress(path.read_bytes()), parse_float=str)
        yield from (entry["resource"] for entry in bundle["entry"])


def read(engine, kind, resource_id):
    answer = engine.handle(FhirRequest("read", ANYBODY, type=kind, id=resource_id))
    return json.loads(answer.content, parse_float=str)


def essence(resource):
    """A digest of the content without what the server decides: ids, versions, where links lead.

    Decimals are text here, so that 1.10 is not 1.1.
    """
    decided = {"versionId", "lastUpdated"}
    meta = {k: v for k, v in resource.get("meta", {}).items() if k not in decided}
    content = plain({k: v for k, v in resource.items() if k != "id"} | {"meta": meta})
    text = json.dumps(content, sort_keys=True).encode()
    return resource["resourceType"], sha256(text).digest()


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k != "reference"}
    return [plain(v) for v in value] if isinstance(value, list) else value
