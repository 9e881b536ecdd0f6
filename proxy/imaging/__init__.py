"""Pictures and masks: pure functions, and the doors' renderers made of them."""
