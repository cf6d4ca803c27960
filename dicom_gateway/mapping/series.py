"""The series of an ImagingStudy, and their instances.

PS3.3 C.7.3.1 (General Series), C.12.1 (SOP Common);
https://hl7.org/fhir/R4/imagingstudy-mappings.html#dicom
A series of more than MOST_INSTANCES names only those that somebody has marked: a resource of a
megabyte helps nobody who looks for a study, and viewers ask DICOMweb anyhow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dicom_gateway.mapping.attributes import count, items, text, uid
from dicom_gateway.mapping.body_sites import body_site, laterality
from dicom_gateway.mapping.codes import DCM, coding, is_code
from dicom_gateway.mapping.dates import moment, zone_of
from dicom_gateway.mapping.identifiers import Source
from dicom_gateway.mapping.names import display
from dicom_gateway.mapping.studies import Image, Series
from fhirserver.model.resource import Resource

MOST_INSTANCES: Final = 200
_PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_URI: Final = "urn:ietf:rfc:3986"

# Performing Physician's Name and Operators' Name, as what they are called in HL7's vocabulary.
_PERFORMERS: Final = (
    ("PRF", "performer", "00081050"),
    ("SPRF", "secondary performer", "00081070"),
)

Marks = Mapping[str, Sequence[Resource]]


def series_of(series: Series, source: Source, marks: Marks, most: int = MOST_INSTANCES) -> Resource:
    """One ImagingStudy.series."""
    keys = series.keys
    made: Resource = {"uid": series.uid}
    number = count(keys, "00200011")
    if number is not None:
        made["number"] = number
    made["modality"] = {"system": DCM, "code": modality(series)}
    description = text(keys, "0008103E") or text(keys, "00181030")
    if description:
        made["description"] = description
    made["numberOfInstances"] = series.count
    site = _site(series)
    if site is not None:
        made["bodySite"] = site
    side = laterality(text(keys, "00200060") or text(keys, "00200062"))
    if side is not None:
        made["laterality"] = side
    started = _started(series, source)
    if started is not None:
        made["started"] = started
    performers = [
        _performer(code, meaning, who)
        for code, meaning, tag in (
            ("PRF", "performer", "00081050"),
            ("SPRF", "secondary performer", "00081070"),
        )
        if (who := display(keys, tag))
    ]
    if performers:
        made["performer"] = performers
    listed = series.images
    if series.count > most:
        listed = [image for image in listed if image.uid in marks]
    if listed:
        made["instance"] = [_instance(image, marks) for image in listed]
    return made


def modality(series: Series) -> str:
    """The modality of a series; OT, other, where it says none that FHIR could take."""
    told = text(series.keys, "00080060")
    return told if is_code(told) else "OT"


def _site(series: Series) -> Resource | None:
    """The region as it is coded, else the body part by its keyword."""
    for item in items(series.keys, "00082218"):
        found = coding(item)
        if found is not None and "code" in found:
            return found
    return body_site(text(series.keys, "00180015"))


def _started(series: Series, source: Source) -> str | None:
    """Series Date and Time; of the procedure step or the acquisition where they are missing."""
    keys = series.keys
    zone = zone_of(keys, source.time_zone)
    for on, at in (("00080021", "00080031"), ("00400244", "00400245"), ("00080022", "00080032")):
        found = moment(text(keys, on), text(keys, at), zone)
        if found is not None:
            return found
    return None


def _performer(code: str, meaning: str, who: str) -> Resource:
    return {
        "function": {"coding": [{"system": _PARTICIPATION, "code": code, "display": meaning}]},
        "actor": {"display": who},
    }


def _instance(image: Image, marks: Marks) -> Resource:
    made: Resource = {}
    if image.uid in marks:
        made["extension"] = list(marks[image.uid])
    made["uid"] = image.uid
    made["sopClass"] = {"system": _URI, "code": f"urn:oid:{image.sop_class}"}
    number = count(image.keys, "00200013")
    if number is not None:
        made["number"] = number
    title = title_of(image)
    if title:
        made["title"] = title
    return made


def title_of(image: Image) -> str:
    """Content Label, the document's title or concept name, or the type of the image.

    The mapping names them in this order: (0070,0080), (0040,A043), (0042,0010), (0008,0008).
    """
    keys = image.keys
    label = text(keys, "00700080")
    named = next((text(item, "00080104") for item in items(keys, "0040A043")), "")
    document = text(keys, "00420010")
    kinds = keys.get("00080008", {}).get("Value") or ()
    return label or document or named or "\\".join(str(k) for k in kinds if k)


def frames_of(image: Image) -> int:
    """How many frames an instance has."""
    return count(image.keys, "00280008") or 1


def references(item: object) -> str:
    """The instance that an item refers to: Referenced SOP Instance UID."""
    return uid(item, "00081155") if isinstance(item, Mapping) else ""
