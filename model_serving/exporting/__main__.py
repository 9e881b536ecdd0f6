"""The network as an ONNX file: `python -m model_serving.exporting --out small.onnx`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from model_serving.build import VARIANTS
from model_serving.exporting import onnx_file
from model_serving.exporting.agreement import Agreement, reference
from model_serving.interruption import interrupted
from model_serving.runtimes.onnx_session import OnnxSession
from model_serving.runtimes.runtime import RuntimeUnavailable
from model_serving.served import load_network
from model_serving.weights import SHIPPED, WeightsError


def export_onnx(variant: str, weights: Path, out: Path) -> Agreement:
    """Writes the file, unless its masks are not equal to the network's; how near they are.

    Raises WeightsError, RuntimeUnavailable, and OSError when the disk refuses.
    """
    network = load_network(weights, variant)
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".exporting-", dir=out.parent) as work:
        file = Path(work, out.name)
        onnx_file.export(network, file)
        agreement = reference(network).agreement(OnnxSession(file), "equal")
        if agreement.holds:
            file.replace(out)
    return agreement


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    if options.weights is None and options.variant != "small":
        sys.exit(f"{options.variant}: only the weights of small are shipped; name a file of the others with --weights")
    try:
        agreement = export_onnx(options.variant, options.weights or SHIPPED, options.out)
    except (WeightsError, RuntimeUnavailable, OSError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        interrupted(f"stopped: {options.out} was not written")
    if not agreement.holds:
        sys.exit(f"{options.out} was not written: {agreement}")
    print(f"{options.out}: opset {onnx_file.OPSET}, float32, {agreement}")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m model_serving.exporting", description=__doc__)
    parser.add_argument("--variant", choices=VARIANTS, default="small")
    parser.add_argument("--weights", type=Path, help="weights file; only small has one of its own")
    parser.add_argument("--out", type=Path, default=Path("build/inspyrenet.onnx"), help="the file to write")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
