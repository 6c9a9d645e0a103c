"""Addresses and sockets."""
