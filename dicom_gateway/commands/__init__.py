"""Commands of the gateway: a file each, as in fhirserver/cli/commands."""
