"""The only source of new logical ids."""

from os import urandom

# What stands for the two bits of the variant, for each digit that might be there.
_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


def new() -> str:
    """A fresh logical id: a random UUID in lower case.

    https://hl7.org/fhir/R4/datatypes.html#id
    https://www.rfc-editor.org/rfc/rfc9562#section-5.4

    >>> import uuid
    >>> uuid.UUID(new()).version, uuid.UUID(new()).variant == uuid.RFC_4122
    (4, True)
    """
    digits = urandom(16).hex()
    return (
        f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-"
        f"{_VARIANT[digits[16]]}{digits[17:20]}-{digits[20:]}"
    )
