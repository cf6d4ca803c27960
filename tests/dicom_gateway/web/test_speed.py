"""How much processor time answers take; the bounds are ten times what is aimed at."""

import pytest

from tests.dicom_gateway.web.instances import an_image, body_of, file_of
from tests.pace import assert_soon, least


@pytest.fixture(scope="module")
def series(web):
    """A series of 500 small instances."""
    first = an_image(PixelData=b"\0" * 8192)
    files = [file_of(first)]
    raw, uid = files[0], first.SOPInstanceUID.encode()
    # The same file under other UIDs and numbers: pydicom would take a second to write them.
    for number in range(1, 500):
        other = uid[:-3] + b"%03d" % number
        if other != uid:
            files.append(raw.replace(uid, other))
    body, content_type = body_of(files)
    answer = web.post("/dicom-web/studies", data=body, content_type=content_type)
    assert answer.status_code == 200, answer.data[:300]
    return f"/dicom-web/studies/{first.StudyInstanceUID}/series/{first.SeriesInstanceUID}", len(
        files
    )


def test_metadata_of_500_instances_takes_less_than_half_a_second(web, series):
    path, count = series

    assert len(web.get(f"{path}/metadata").json) == count
    seconds = least(lambda: web.get(f"{path}/metadata").data)
    print(f"metadata of {count}: {seconds * 1000:.1f} ms")
    assert_soon(seconds, 0.5)


def test_a_search_of_500_instances_takes_less_than_half_a_second(web, series):
    path, count = series

    assert len(web.get(f"{path}/instances").json) == count
    seconds = least(lambda: web.get(f"{path}/instances").data)
    print(f"instances {count}: {seconds * 1000:.1f} ms")
    assert_soon(seconds, 0.5)


def test_a_kept_thumbnail_takes_less_than_a_tenth_of_a_second(web, series):
    path, _ = series
    [one] = web.get(f"{path}/instances?limit=1").json
    place = f"{path}/instances/{one['00080018']['Value'][0]}"

    seconds = least(lambda: web.get(f"{place}/thumbnail").data)
    print(f"thumbnail: {seconds * 1000:.1f} ms")
    assert_soon(seconds, 0.1)
    seconds = least(lambda: web.get(f"{place}/frames/1", headers={"Accept": "*/*"}).data)
    print(f"frame: {seconds * 1000:.1f} ms")
    assert_soon(seconds, 0.2)
