"""Where messages are kept: all SQL lives here."""
