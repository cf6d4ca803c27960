"""What the gateway does in `fhirserver worker`, a file each: they register themselves."""
