"""The model servers. Each is one file behind `core.types.Backend`."""
