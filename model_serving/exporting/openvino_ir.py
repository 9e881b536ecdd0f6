"""To OpenVINO's IR, straight from torch: no ONNX in between."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import torch

from model_serving.exporting.answering import Answering, example, exporting
from model_serving.network import InSPyReNet
from model_serving.runtimes.openvino_import import import_openvino

FILE = "network.xml"
"""The graph. Its weights lie beside it, in `network.bin`."""

_SUM = r"\.refiners\.\d\.total/"
SPARED: Sequence[str] = ("", r"|\.attention\.", r"|\.(encoders|decoder)\.", r"|\.(encoders|decoder|backbone)\.")
"""What stays in float32 besides SICA's sums, by its place in the network: nothing more, the axial attention, all that
looks at the picture first, ... Each keeps more of the mask and is slower than the one before it."""
_ARITHMETIC = (
    *("Add", "Concat", "Convolution", "Divide", "Gelu", "Interpolate", "MVN", "MatMul", "Multiply"),
    *("Power", "ReLU", "ReduceMean", "Sigmoid", "Softmax", "Subtract"),
)
_COUNT = re.compile(r"_\d+(?=/|$)")


def export(network: InSPyReNet, folder: Path) -> None:
    """Writes FILE and its weights, float32, for pictures of base size, one at a time.

    The same network gives the same bytes. Raises OSError when the disk refuses.
    """
    save(_converted(network), folder)
    tree = ElementTree.parse(folder / FILE)
    _name_evenly(tree)
    tree.write(folder / FILE)
    spare(folder / FILE, SPARED[0])


def save(model: Any, folder: Path) -> None:
    """OpenVINO's own model, as FILE and its weights. Raises OSError when the disk refuses."""
    try:
        import_openvino().save_model(model, str(folder / FILE), compress_to_fp16=False)
    except RuntimeError as error:
        raise OSError(f"OpenVINO cannot write {folder / FILE}, as on a full disk: {error}") from error


def spare(file: Path, more: str) -> None:
    """Marks SICA's sums and, of SPARED, `more` to stay in float32 where the rest is run with fewer digits."""
    tree = ElementTree.parse(file)
    places = re.compile(_SUM + more)
    for layer in tree.iterfind("layers/layer"):
        if layer.get("type") in _ARITHMETIC and places.search(layer.get("name", "")):
            _mark_precise(layer)
    tree.write(file)


def _converted(network: InSPyReNet) -> Any:
    """By the converter's own parts: the converter itself calls home (see `runtimes.openvino_import`)."""
    image = example(network)
    decoder = import_openvino(".frontend.pytorch.ts_decoder")
    front_end = import_openvino(".frontend").FrontEndManager().load_by_framework("pytorch")
    with exporting():
        traced = torch.jit.trace(Answering(network), image, check_trace=False)  # type: ignore[no-untyped-call]
        source = decoder.TorchScriptPythonDecoder(traced, example_input=(image,))  # which has to outlive the next line
        model = front_end.convert(front_end.load(source))
    model.reshape(list(image.shape))
    # Sizes and attention masks are worked out here and not at every start: a fifth of the nodes are left.
    import_openvino("._offline_transformations").apply_moc_transformations(model, True)
    return model


def _name_evenly(tree: "ElementTree.ElementTree[Any]") -> None:
    """OpenVINO counts models and nodes through the whole process; here they are counted through the file."""
    tree.getroot().set("name", "network")
    for layer in tree.iterfind("layers/layer"):
        layer.set("name", f"{_COUNT.sub('', layer.get('name', ''))}_{layer.get('id')}")


def _mark_precise(layer: ElementTree.Element) -> None:
    """As OpenVINO's own passes mark nodes whose precision must not be lowered."""
    notes = layer.find("rt_info")
    if notes is None:
        notes = ElementTree.Element("rt_info")
        layer.insert(1 if layer.find("data") is not None else 0, notes)  # the schema's order
    if notes.find("attribute[@name='precise']") is None:
        ElementTree.SubElement(notes, "attribute", {"name": "precise", "version": "0"})
