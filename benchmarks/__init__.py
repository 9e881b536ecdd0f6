"""What Rematte costs, beside the floor that it stands on: `make bench`."""
