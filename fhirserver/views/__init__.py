"""SQL on FHIR: views that turn resources into rows.

https://sql-on-fhir.org/ig/

    from fhirserver import views

    view = views.read(definition)                # raises errors.Invalid
    [c.name for c in view.columns]               # ["id", "family"]
    list(view.rows(patient))                     # [("Patient/1", "Chalmers")]
"""

from fhirserver.views.columns import Column
from fhirserver.views.view import View, read

__all__ = ["Column", "View", "read"]
