"""From a network to what a runtime runs: done when an archive is built. Nothing of this is served."""
