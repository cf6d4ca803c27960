"""FHIR operations, a file each: discovered by the engine, called through `interactions.operate`."""
