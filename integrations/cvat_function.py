"""CVAT's auto-annotation function: masks from a Rematte server. For `cvat-cli --function-file`; needs `cvat-sdk` alone.

cvat-cli task auto-annotate 7 --function-file cvat_function.py -p url=str:http://localhost:8000
"""

import io
import json
from typing import Any
from urllib.parse import urlencode

import cvat_sdk.auto_annotation as cvataa
import urllib3
from cvat_sdk.models import LabeledShapeRequest
from PIL import Image

RETRIES = urllib3.Retry(total=5, status_forcelist=(503,), allowed_methods=None, raise_on_status=False)
"""A server that starts, or has too much to do, says `Retry-After`. Sending an image again is always safe."""
TIMEOUT_S = 120.0
FOREGROUND = 0


class Rematte:
    """One label, and for each image the mask of what stands out in it; as polygons where CVAT wants those."""

    def __init__(
        self,
        url: str = "http://localhost:8000",
        api_key: str = "",
        label: str = "foreground",
        pool: urllib3.PoolManager | None = None,
    ) -> None:
        """`label`: what the task calls what stands out."""
        self._url = f"{url.rstrip('/')}/v1/mask"
        self._headers = {"Content-Type": "image/png"} | ({"X-API-Key": api_key} if api_key else {})
        self._pool = pool or urllib3.PoolManager(retries=RETRIES, timeout=TIMEOUT_S)
        self.spec = cvataa.DetectionFunctionSpec(labels=[cvataa.label_spec(label, FOREGROUND, type="mask")])

    def detect(self, context: cvataa.DetectionFunctionContext, image: Image.Image) -> list[LabeledShapeRequest]:
        """The confidence that CVAT asks for is the level, 0 to 1, from which a pixel counts as object."""
        wanted = {"format": "labelme" if context.conv_mask_to_poly else "cvat"}
        if context.conf_threshold is not None:
            wanted["threshold"] = str(max(1, round(context.conf_threshold * 255)))
        shapes = self._ask(image, wanted)["shapes"]
        if context.conv_mask_to_poly:
            return [cvataa.polygon(FOREGROUND, [n for point in shape["points"] for n in point]) for shape in shapes]
        return [cvataa.mask(FOREGROUND, shape["points"]) for shape in shapes]

    def _ask(self, image: Image.Image, wanted: dict[str, str]) -> dict[str, Any]:
        """CVAT gives pixels and no file; without loss the server knows them again as the picture that they are."""
        file = io.BytesIO()
        image.save(file, "PNG", compress_level=1)
        url = f"{self._url}?{urlencode(wanted)}"
        answer = self._pool.request("POST", url, body=file.getvalue(), headers=self._headers)
        document: dict[str, Any] = json.loads(answer.data)
        if answer.status != 200:
            raise RuntimeError(f"{self._url} answered {answer.status}: {document.get('detail')}")
        return document


create = Rematte
"""`-p NAME=str:VALUE` names `url`, `api_key` and `label`."""
