"""Every collected file, odd and malformed ones too, by HTTP: kept or refused, never a failure."""

from pathlib import Path

import pytest

from dicom_gateway.rendering.limits import Undecodable
from dicom_gateway.web.multipart import new_boundary
from fhirserver.errors import FhirError

SAMPLES = Path("/work/shared/data/dicom")
ANSWERS = {200, 404, 406}


@pytest.mark.slow
def test_every_sample_is_stored_or_refused_and_what_is_stored_is_shown_or_refused(web):
    files = sorted(p for p in SAMPLES.rglob("*") if p.is_file() and p.suffix not in {".md", ".txt"})
    if not files:
        pytest.skip("the sample files are not here")
    boundary = new_boundary()
    parts = ([{"Content-Type": "application/dicom"}, [p.read_bytes()]] for p in files)
    body = b"".join(boundary.joined((h, c) for h, c in parts))

    answer = web.post(
        "/dicom-web/studies", data=body, content_type=boundary.content_type("application/dicom")
    )
    assert answer.status_code == 202, answer.data[:300]
    stored = answer.json["00081199"]["Value"]
    assert len(stored) > 150
    trouble = []
    for one in stored:
        place = one["00081190"]["Value"][0].partition("/dicom-web")[2]
        for below in ("/metadata", "/rendered", "/frames/1", "/thumbnail", ""):
            try:
                got = web.get(f"/dicom-web{place}{below}")
                size = len(got.data)
            except (FhirError, Undecodable) as error:
                trouble.append((place, below, repr(error)))
                continue
            if got.status_code not in ANSWERS or (got.status_code == 200 and not size):
                trouble.append((place, below, got.status_code))
    assert not trouble, trouble[:20]
