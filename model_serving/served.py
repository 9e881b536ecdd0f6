"""A model as an archive carries it: a weights file, and a card beside it that says what it is."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import safe_open

from model_serving.network import InSPyReNet
from model_serving.remover import Remover, Resizing
from model_serving.weights import WeightsError, load_checkpoint, load_shipped

_CARD = "model.json"


@dataclass(frozen=True, slots=True)
class Card:
    """`weights` is the name of a file in the card's folder."""

    variant: str
    weights: str
    resizing: Resizing

    def write(self, folder: Path) -> None:
        (folder / _CARD).write_text(json.dumps(asdict(self), indent=2) + "\n")


def load_network(weights: Path, variant: str) -> InSPyReNet:
    """The network in a weights file, whether we wrote it (`.safetensors`) or the authors did. Raises WeightsError."""
    if weights.suffix != ".safetensors":
        return load_checkpoint(weights, variant)
    network = load_shipped(weights)
    with safe_open(weights, "pt") as file:
        written = file.metadata()["variant"]
    if written != variant:
        raise WeightsError(f"{weights}: these are weights of the variant {written}, not {variant}; ask for {written}")
    return network


def open_remover(folder: Path, device: torch.device, **limits: int) -> Remover:
    """The remover that the folder's card describes. Raises WeightsError. `limits` as Remover takes them."""
    card = Card(**json.loads((folder / _CARD).read_text()))
    network = load_network(folder / card.weights, card.variant)
    return Remover(network, resizing=card.resizing, device=device, **limits)
