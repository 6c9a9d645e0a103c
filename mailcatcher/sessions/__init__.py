"""The record of what clients did: sessions, attempts, replies."""
