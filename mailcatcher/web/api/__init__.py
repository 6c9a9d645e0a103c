"""The native HTTP API, one module a subject."""
