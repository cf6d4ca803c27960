"""The only source of new logical ids."""

from uuid import uuid4  # noqa: TID251 - this is the one place


def new() -> str:
    """A fresh logical id: a random UUID in lower case.

    https://hl7.org/fhir/R4/datatypes.html#id
    """
    return str(uuid4())
