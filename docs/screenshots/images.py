"""A CT of a head as a scanner sends it: the phantom of Shepp and Logan.

L. A. Shepp, B. F. Logan: The Fourier reconstruction of a head section, 1974, table 1.
"""

from __future__ import annotations

import numpy as np

from conformance.faults.server import wait_until
from docs.screenshots.hospital import MRN, PATIENCE_SECONDS, Hospital, Resource, number_of
from tests.apps.scans import a_slice, of, stored, uid
from tests.dicom_gateway.web.instances import an_image, body_of, file_of

SIDE, SLICES = 256, 12
AIR, BONE, BRAIN, FLUID, BLOOD = -1000.0, 900.0, 34.0, 6.0, 70.0
# Density (HU), half axes and centre (halves of the side), tilt (degrees).
ELLIPSES = (
    (BONE, 0.69, 0.92, 0.0, 0.0, 0.0),
    (BRAIN, 0.6624, 0.874, 0.0, -0.0184, 0.0),
    (FLUID, 0.11, 0.31, 0.22, 0.0, -18.0),
    (FLUID, 0.16, 0.41, -0.22, 0.0, 18.0),
    (38.0, 0.21, 0.25, 0.0, 0.35, 0.0),
    (BLOOD, 0.07, 0.09, 0.36, -0.42, 30.0),
)


def prepare(hospital: Hospital) -> None:
    """A CT without a report, of whom the radiologist and the doctor see; one that is nobody's."""
    with hospital.client("radiologist") as radiologist:
        query = f"Patient?_count=100&gender=male,female&identifier={MRN}%7C"
        theirs = hospital.found(query, "radiologist")
        named = ",".join(one["id"] for one in theirs if "deceasedDateTime" not in one)
        patient = hospital.found(f"Patient?_id={named}&_count=1", "doctor")[0]
        other = next(one for one in theirs if one["id"] != patient["id"])
        study, today = uid(), hospital.today.strftime("%Y%m%d")
        files = _head(patient, study, today)
        stored(radiologist, hospital.server.port, files)

    def filed() -> list[Resource]:
        found = hospital.found(f"ImagingStudy?identifier=urn:dicom:uid%7Curn:oid:{study}")
        return [one for one in found if one.get("numberOfInstances") == len(files)]

    wait_until(filed, PATIENCE_SECONDS, "the study is there")
    hospital.known |= {
        "study": filed()[0]["id"],
        "imaged": patient["id"],
        "other": number_of(other),
    }
    _nobodys(hospital)


def _head(patient: Resource, study: str, date: str) -> list[bytes]:
    series = uid()
    made = []
    for number in range(1, SLICES + 1):
        image = a_slice(series, number)
        image.Rows = image.Columns = SIDE
        image.PixelSpacing = [0.9, 0.9]
        image.WindowCenter, image.WindowWidth = 40, 80
        image.BodyPartExamined = "HEAD"
        image.PixelData = _pixels(number).tobytes()
        made.append(of(image, patient, study, date, "CT head"))
    return made


def _pixels(number: int) -> np.ndarray:
    """A slice: the head is widest in the middle one."""
    y, x = np.mgrid[1 : -1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    width = 1 - 0.25 * ((number - (SLICES + 1) / 2) / SLICES) ** 2 * 4
    pixels = np.full((SIDE, SIDE), AIR)
    for density, a, b, at_x, at_y, tilt in ELLIPSES:
        angle = np.deg2rad(tilt)
        along = (x - at_x) * np.cos(angle) + (y - at_y) * np.sin(angle)
        across = (y - at_y) * np.cos(angle) - (x - at_x) * np.sin(angle)
        pixels[(along / (a * width)) ** 2 + (across / (b * width)) ** 2 <= 1] = density
    noise = np.random.default_rng(number).normal(0, 4, pixels.shape)
    return (pixels + noise).astype("<i2")


def _nobodys(hospital: Hospital) -> None:
    """An image that comes twice with other content, of a patient whom nobody knows."""
    image = an_image()
    with hospital.client() as client:
        for comment, status in (("first", 200), ("changed meanwhile", 409)):
            image.PatientComments = comment
            body, content_type = body_of([file_of(image)])
            answer = client.send(
                "POST",
                hospital.address("dicom-web/studies"),
                body,
                Content_Type=content_type,
                Accept="application/dicom+json",
            )
            assert answer.status == status, answer.says
