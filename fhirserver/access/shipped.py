"""The policies that come with the server: one for each role of `profiles/policies/`.

A stored policy of the same name stands for it; what is shipped is never written anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from fhirserver import content
from fhirserver.access.policy import Policy, policy_of
from fhirserver.model import json


@cache
def shipped_policies() -> Mapping[str, Policy]:
    """The shipped policies by name."""
    files = sorted(content.folder("profiles").joinpath("policies").glob("*.json"))
    found = [policy_of(json.parse_object(f.read_bytes()), f.stem) for f in files]
    return {policy.name: policy for policy in found}
