"""`python -m fhirserver` is the command `fhirserver`."""

from fhirserver.cli import main

if __name__ == "__main__":
    main()
