"""The reviewed content of `profiles/` and `terminology/`."""

from __future__ import annotations

from fhirserver import content
from fhirserver.model import canonicals, json
from fhirserver.validation import check


def test_every_definition_of_ours_keeps_to_its_definition() -> None:
    for folder in ("profiles", "terminology"):
        # What lies in folders below is content of other kinds, such as access policies.
        for file in content.folder(folder).glob("*.json"):
            resource = json.parse_object(file.read_bytes())

            assert canonicals.addresses(resource), file
            assert file.stem == f"{resource['resourceType']}-{resource['id']}", file
            assert [i for i in check(resource) if i.severity == "error"] == [], file
