"""Weights: which files we know, and how a file becomes a network that is ready to run."""

import hashlib
import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from model_serving.build import Overrides, build_network
from model_serving.names import official_name
from model_serving.network import InSPyReNet
from model_serving.network.swin import ShiftedBlock

SHIPPED = Path(__file__).parent / "shipped" / "small.safetensors"

_DOWNLOADS = "https://github.com/plemeri/transparent-background/releases"
_ZOO = "https://github.com/plemeri/InSPyReNet#model-zoo"


class WeightsError(Exception):
    """A weights file that cannot be used. The message is one line: which file, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A file that the authors publish: its name, where it is from, and its MD5 where they tell it."""

    file: str
    source: str
    md5: str | None = None


CHECKPOINTS: Mapping[str, Checkpoint] = {
    "base": Checkpoint("ckpt_base.pth", _DOWNLOADS, "d692e3dd5fa1b9658949d452bebf1cda"),
    "fast": Checkpoint("ckpt_fast.pth", _DOWNLOADS, "9efdbfbcc49b79ef0f7891c83d2fd52f"),
    "res2net50": Checkpoint("latest.pth", _ZOO),
}


def official_state(network: InSPyReNet) -> dict[str, Tensor]:
    """The network's entries under the authors' names, index buffers included; they share the network's memory."""
    state = {official_name(name): entry for name, entry in network.state_dict().items()}
    return state | _index_buffers(network)


def load_official_state(network: InSPyReNet, state_dict: Mapping[str, Tensor]) -> None:
    """Copies a state dict with the authors' names into the network: every entry or, with a ValueError, none."""
    if problems := _differences(official_state(network), state_dict):
        shown = "; ".join(problems[:3])
        raise ValueError(f"{len(problems)} entries do not fit this network: {shown}{' ...' * (len(problems) > 3)}")
    network.load_state_dict({name: state_dict[official_name(name)] for name in network.state_dict()})


def load_checkpoint(path: Path, variant: str, md5: str | None = None) -> InSPyReNet:
    """A network with the weights of one of the authors' files (a bare state dict, as `torch.save` writes it).

    The file must have this `md5`; by default the published one, where there is one. WeightsError for every file that
    is missing, truncated, no state dict, of another MD5, or of another network.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: no such file; {_remedy(variant)}")
    _check_md5(path, variant, md5 or (CHECKPOINTS[variant].md5 if variant in CHECKPOINTS else None))
    network = build_network(variant)
    try:
        load_official_state(network, _read_state(path))
    except ValueError as error:
        raise WeightsError(f"{path}: not weights of variant {variant}: {error}; {_remedy(variant)}") from error
    return network


def save_weights(path: Path, network: InSPyReNet, variant: str, overrides: Overrides, **notes: str) -> None:
    """Writes, whole or not at all, a safetensors file that says itself how to build its network."""
    state = {name: entry.contiguous() for name, entry in official_state(network).items()}
    unfinished = path.with_suffix(".part")
    notes = {"variant": variant, "overrides": json.dumps(overrides), **notes}
    unfinished.write_bytes(safetensors.torch.save(state, notes))  # its own save_file hides the file from other users
    unfinished.replace(path)


def load_shipped(path: Path = SHIPPED) -> InSPyReNet:
    """The network in a file of `save_weights`; by default the small one that comes with this package."""
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = file.metadata()
        network = build_network(metadata["variant"], **json.loads(metadata["overrides"]))
        load_official_state(network, safetensors.torch.load_file(path))
    except (OSError, safetensors.SafetensorError, LookupError, TypeError, ValueError) as error:
        remedy = "restore it from the repository" if path == SHIPPED else "make it anew, or name another"
        raise WeightsError(f"{path}: cannot be used: {_one_line(error)}; {remedy}") from error
    return network


def _index_buffers(network: InSPyReNet) -> dict[str, Tensor]:
    return {
        f"{name}.attn.relative_position_index": block.attn.relative_position_index
        for name, block in network.named_modules()
        if isinstance(block, ShiftedBlock)
    }


def _differences(expected: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> list[str]:
    shared = [name for name in expected if name in given]
    return [
        *(f"missing {name}" for name in expected if name not in given),
        *(f"unexpected {name}" for name in given if name not in expected),
        *(
            f"{name} is {tuple(given[name].shape)} and not {tuple(expected[name].shape)}"
            for name in shared
            if given[name].shape != expected[name].shape
        ),
    ]


def _check_md5(path: Path, variant: str, expected: str | None) -> None:
    if expected is None:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "md5").hexdigest()
    if found != expected:
        raise WeightsError(f"{path}: MD5 is {found} and not {expected}: another file, or damaged; {_remedy(variant)}")


def _read_state(path: Path) -> dict[str, Tensor]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:  # torch's own words advise to run whatever code is in the file
        raise ValueError("the file is damaged, or holds more than tensors") from error
    except (OSError, EOFError, RuntimeError, KeyError, ValueError) as error:
        raise ValueError(f"the file cannot be read ({_one_line(error)})") from error
    if not isinstance(state, dict) or not all(isinstance(entry, Tensor) for entry in state.values()):
        raise ValueError("the file holds no bare state dict")
    return state


def _remedy(variant: str) -> str:
    if variant not in CHECKPOINTS:
        return "give a file of this variant"
    return f"get {CHECKPOINTS[variant].file} from {CHECKPOINTS[variant].source}"


def _one_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
