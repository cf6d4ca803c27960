"""`/admin`: what an administration app needs that isn't FHIR: users, clients, policies, keys.

JSON, with a bearer token and never a cookie, so that no other site can ask for anything. Each
request is on record.
"""
