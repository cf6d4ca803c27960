"""An instance that comes: judged, kept, answered."""

from dicom_gateway.intake.reception import Reception, Sent
from dicom_gateway.intake.statuses import SUCCESS, Outcome

__all__ = ["SUCCESS", "Outcome", "Reception", "Sent"]
