"""A day of the demo hospital that goes on while one watches, played into a server over HTTP.

shifts     from seven to seven; which one a replay begins with
scenes/    what happens in a shift: (seed, shift) -> events, a file for each patient or task
story      a patient's part: chart, stay, and events made of both
timeline   all events in order
player     plays them, each once
state      how far it has come, on record in the server
pace       the clock on the wall -> the moment of the demo day
client     FHIR over HTTP
"""
