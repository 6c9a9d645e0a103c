"""The bench: what the server costs and how fast it answers, beside a server that stores nothing."""
