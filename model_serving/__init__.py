"""The model: network, weights, pixels. Knows no server."""
