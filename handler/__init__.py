"""What TorchServe runs: the door between its protocol and the model."""
