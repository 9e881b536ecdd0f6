"""The mean of weights that lie near each other: `python -m model_serving.training.mean A B --assets DIR --out FILE`.

Where one training began with the other's result, their mean knows more of what neither has seen (Wortsman et al.,
"Model soups", 2022). BatchNorm's statistics are measured anew: those of a mean are not the mean of theirs.
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import track
from safetensors import safe_open
from torch import Tensor
from torch.optim.swa_utils import update_bn

from model_serving.interruption import interrupted
from model_serving.network import InSPyReNet
from model_serving.training.assets import AssetsMissing
from model_serving.training.bank import open_bank
from model_serving.training.export import halved, stretched
from model_serving.training.stream import Composites, batches
from model_serving.weights import WeightsError, load_shipped, save_weights

BATCH = 16


def mean(files: Sequence[Path], pictures: Iterable[Tensor]) -> InSPyReNet:
    """The mean network of the files, with the statistics of the pictures (Bx3xHxW each).

    WeightsError for files that cannot be used together.
    """
    networks = [load_shipped(file) for file in files]
    if len(sizes := {network.base_size for network in networks}) > 1:
        told = ", ".join(f"{file} is of {network.base_size[0]}" for file, network in zip(files, networks, strict=True))
        raise WeightsError(f"{told} pixels a side: networks of {len(sizes)} base sizes have no mean")
    states = [network.state_dict() for network in networks]
    shapes = [{name: entry.shape for name, entry in state.items()} for state in states]
    if any(other != shapes[0] for other in shapes):
        raise WeightsError(f"{', '.join(map(str, files))}: these are weights of different networks; there is no mean")
    both = networks[0]
    both.load_state_dict({name: sum(state[name] for state in states) / len(states) for name in states[0]})
    update_bn(pictures, both)
    return both.eval()


def save(network: InSPyReNet, like: Path, of: Sequence[Path], out: Path) -> None:
    """In 16 bits, with the metadata of the file `like`; its notes say of which files it is the mean."""
    with safe_open(like, "pt") as file:
        known = file.metadata()
    notes = {"mean_of": [_training(file) for file in of]}
    save_weights(out, halved(network), known["variant"], json.loads(known["overrides"]), training=json.dumps(notes))


def _training(file: Path) -> object:
    with safe_open(file, "pt") as opened:
        return json.loads(opened.metadata().get("training", "null"))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m model_serving.training.mean", description=__doc__)
    parser.add_argument("weights", type=Path, nargs="+", help="files of this training, all of one shape")
    parser.add_argument("--assets", type=Path, required=True, help="folder filled by model_serving.training.assets")
    parser.add_argument("--bank", type=Path, default=Path("build/training/bank"), help="cache of the unpacked pictures")
    parser.add_argument("--out", type=Path, default=Path("build/training/mean.safetensors"))
    parser.add_argument("--pictures", type=int, default=320, help="that statistics are measured on")
    parser.add_argument("--stretch", type=float, default=1.0, help="by which the logits grow (export.py)")
    given = parser.parse_args(arguments)
    try:
        size = load_shipped(given.weights[0]).base_size[0]
        bank = open_bank(given.assets, given.bank)
        with torch.no_grad():
            feed = islice(batches(Composites(bank, size, seed=555), BATCH), max(1, given.pictures // BATCH))
            shown = track(list(feed), "measuring", console=Console(stderr=True))
            network = mean(given.weights, (images for images, _ in shown))
        save(stretched(network, given.stretch), given.weights[0], given.weights, given.out)
    except (WeightsError, AssetsMissing, OSError) as error:
        parser.exit(1, f"mean: {error}\n")
    except KeyboardInterrupt:
        interrupted("mean: stopped; nothing was written")
    print(f"{given.out}: the mean of {len(given.weights)} weights")


if __name__ == "__main__":
    main()
