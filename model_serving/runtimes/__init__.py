"""What runs a network: torch as it is, or what an exporter made of it. One file for each; all are called alike."""
