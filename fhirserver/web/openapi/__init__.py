"""The API as an OpenAPI 3.1 document, made of what is registered. https://spec.openapis.org/oas/v3.1.0"""
