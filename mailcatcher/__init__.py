"""mailcatcher: an SMTP server for development and tests that keeps every mail and delivers none."""

__version__ = "0.1.0"
