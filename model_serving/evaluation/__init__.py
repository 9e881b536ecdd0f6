"""How good a network is: numbers on held-out composites, and pictures to look at."""
