"""The one place that sees every room: settings, composition and the life of the process."""
