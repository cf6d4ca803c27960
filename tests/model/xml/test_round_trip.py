"""Whatever a resource holds, XML holds it too."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhirserver.model import json, xml
from tests.model.xml.strategies import resources, with_digits


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(resources(), st.booleans())
def test_from_json_to_xml_and_back_is_the_same(resource, pretty):
    from_json = json.parse(json.dump(resource))
    back = xml.read(xml.write(from_json, pretty=pretty))

    assert with_digits(json.parse(json.dump(back))) == with_digits(resource)
