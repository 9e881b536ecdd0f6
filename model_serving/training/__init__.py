"""Training the small network from nothing: composites made here, the paper's losses, one script."""
