"""The REST API, asked over HTTP as programs ask it."""
