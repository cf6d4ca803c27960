"""FHIR to HL7 v2: which message follows from a change, and what is in it. No input, no output.

    triggers = events(before, after)                      # tables/events.json
    message = assembled(trigger, wishes, reader, ...)     # tables/messages, tables/segments

See README.md.
"""
