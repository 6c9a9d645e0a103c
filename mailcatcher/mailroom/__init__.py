"""The one place that changes stored mail, and says so."""
