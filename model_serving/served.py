"""A model as an archive carries it: a file that a runtime runs, and a card beside it that says which and how."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import safe_open

from model_serving.network import InSPyReNet
from model_serving.network.blocks import Size
from model_serving.remover import MAX_PIXELS, Remover, Resizing
from model_serving.runtimes.eager import Eager
from model_serving.runtimes.opening import open_exported
from model_serving.runtimes.runtime import Kind, Precision, Runtime
from model_serving.weights import WeightsError, load_checkpoint, load_shipped

CARD = "model.json"


@dataclass(frozen=True, slots=True)
class Card:
    """`weights` is the name of the file in the card's folder that the runtime opens: for torch the weights themselves,
    for the others what was exported from them.

    `recipe` names what the file was made of, by the same kind of digits as a version.
    """

    variant: str
    weights: str
    resizing: Resizing
    base_size: Size
    runtime: Kind = "torch"
    precision: Precision = "equal"
    recipe: str = ""

    def write(self, folder: Path) -> None:
        (folder / CARD).write_text(json.dumps(asdict(self), indent=2) + "\n")


def card_in(folder: Path) -> Card:
    """What `Card.write` wrote there. Raises OSError, ValueError, KeyError or TypeError for anything else."""
    fields = json.loads((folder / CARD).read_text())
    height, width = fields["base_size"]
    return Card(**fields | {"base_size": (height, width)})


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


def open_remover(folder: Path, device: torch.device, *, max_pixels: int = MAX_PIXELS) -> Remover:
    """The remover that the folder's card describes.

    Raises WeightsError, and RuntimeUnavailable where this machine cannot run it. Only torch runs on other devices than
    the CPU: for the rest `device` says nothing.
    """
    card = card_in(folder)
    return Remover(_open(card, folder / card.weights, device), resizing=card.resizing, max_pixels=max_pixels)


def _open(card: Card, file: Path, device: torch.device) -> Runtime:
    if card.runtime == "torch":
        return Eager(load_network(file, card.variant), device=device, precision=card.precision)
    return open_exported(card.runtime, file, card.precision, card.base_size)
