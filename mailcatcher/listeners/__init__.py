"""Sockets that accept mail connections."""
