"""The DICOM gateway: what modalities send is stored, becomes FHIR, and is found and sent again."""
