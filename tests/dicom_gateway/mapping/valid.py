"""Whether a resource is valid R4: by our own validator, and by the models of fhir.resources."""

from __future__ import annotations

import importlib
from typing import Any

from fhirserver.model import json
from fhirserver.model.conformance import shipped
from fhirserver.validation import check
from fhirserver.validation.validator import Validator

VALIDATOR = Validator(shipped())


def assert_valid(resource: dict[str, Any]) -> None:
    errors = [
        f"{i.expression}: {i.text}" for i in VALIDATOR.validate(resource) if i.severity == "error"
    ]
    assert not errors, errors
    check(resource)
    module = importlib.import_module(f"fhir.resources.R4B.{resource['resourceType'].lower()}")
    getattr(module, resource["resourceType"]).model_validate_json(json.dump(resource))
