"""Where sealed files lie: in a folder, or in a bucket."""

from fhirserver.objects.files import Files, Lying, Writing
from fhirserver.objects.folder import Folder
from fhirserver.objects.opening import open_files

__all__ = ["Files", "Folder", "Lying", "Writing", "open_files"]
