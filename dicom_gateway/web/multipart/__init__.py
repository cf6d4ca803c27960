"""multipart/related, read and written as a stream. https://www.rfc-editor.org/rfc/rfc2387"""

from dicom_gateway.web.multipart.reading import Malformed, Part, parts
from dicom_gateway.web.multipart.writing import Boundary, new_boundary

__all__ = ["Boundary", "Malformed", "Part", "new_boundary", "parts"]
