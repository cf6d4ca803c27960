"""Entries of transactions, and what they wrote."""

from __future__ import annotations

import base64
import json


def where(bundle, number):
    """The reference by id to what an entry wrote."""
    return bundle["entry"][number]["response"]["location"].partition("/_history")[0]


def a_patch(*operations):
    data = base64.b64encode(json.dumps(operations).encode()).decode()
    return {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}
