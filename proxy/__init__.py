"""Rematte's service: names every picture by its content and never computes the same one twice."""
