"""TorchServe around the model: its settings, how it is started, when it is ready. Imports neither torch nor ts."""
