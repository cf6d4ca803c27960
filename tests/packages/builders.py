"""Packages made for a test."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

URL = "http://acme.org/fhir"


def a_tgz(files: dict[str, object], *members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """A gzipped tar file of these files (JSON, or bytes as they are) and members."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, content in files.items():
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            member = tarfile.TarInfo(name)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
        for member, body in members:
            archive.addfile(member, io.BytesIO(body))
    return made.getvalue()


def a_manifest(name: str = "acme.guide", version: str = "1.0.0", **more: Any) -> dict:
    return {"name": name, "version": version, "fhirVersions": ["4.0.1"], **more}


def a_package(*resources: dict, examples: tuple[dict, ...] = (), **manifest: Any) -> bytes:
    """A package of these resources."""
    files: dict[str, object] = {"package/package.json": a_manifest(**manifest)}
    for folder, group in (("package", resources), ("package/example", examples)):
        for r in group:
            files[f"{folder}/{r['resourceType']}-{r['id']}.json"] = r
    return a_tgz(files)


def a_value_set(id_: str = "wards", version: str | None = "1.0.0", **more: Any) -> dict:
    made = {"resourceType": "ValueSet", "id": id_, "url": f"{URL}/ValueSet/{id_}"}
    return made | {"status": "active"} | ({"version": version} if version else {}) | more


def a_profile(id_: str = "our-patient", *elements: dict, **more: Any) -> dict:
    return {
        "resourceType": "StructureDefinition",
        "id": id_,
        "url": f"{URL}/StructureDefinition/{id_}",
        "version": "1.0.0",
        "name": "OurPatient",
        "status": "active",
        "kind": "resource",
        "abstract": False,
        "type": "Patient",
        "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "differential": {
            "element": list(elements)
            or [{"id": "Patient.birthDate", "path": "Patient.birthDate", "min": 1}]
        },
        **more,
    }
