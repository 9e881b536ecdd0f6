"""A hundred pictures through the whole stack: what each model, runtime and batch size makes of them."""
