"""The tiers: this process's memory, and a Redis that may be shared."""
