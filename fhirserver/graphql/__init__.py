"""FHIR's form of GraphQL: a query is checked against the definitions, and answered level by level.

https://hl7.org/fhir/R4/graphql.html

    from fhirserver.graphql.execution import Limits, Query, execute   # imports graphql-core

    execute(Query("{ PatientList(name: \\"ada\\") { id } }"), parameters, source, limits)
"""
