"""The SMTP protocol, without I/O."""
