"""The answers of `/v1/mask` as OpenAPI describes them: every media type, and an example of each document, made by what
makes the answers."""

import json
from typing import Any

import numpy as np
from PIL import Image as Pillow

from proxy.api.openapi import picture_response
from proxy.imaging.mask_formats import FILES, JSON, TEXT

_SUMMARIES = {
    "polygons": "Objects as rings, with their holes",
    "coco": "COCO's compressed run lengths (pycocotools)",
    "box": "The bounding box, as COCO writes it",
    "label-studio": "A prediction with a brush for Label Studio",
    "cvat": "Shapes of CVAT's API",
    "labelme": "labelme's file",
    "yolo": "YOLO-seg's label file",
}


def mask_response(description: str) -> dict[str, Any]:
    """Status 200 in every format."""
    response = picture_response(description, *dict.fromkeys(file.media_type for file in FILES.values()))
    response["content"][JSON] = {"schema": {"type": "object"}, "examples": _examples(JSON)}
    response["content"][TEXT] = {"schema": {"type": "string"}, "examples": _examples(TEXT)}
    return response


def _examples(media_type: str) -> dict[str, Any]:
    """A picture of eight by six pixels, and in it a ring of four by three with a hole of two by one."""
    solid = np.zeros((6, 8), np.uint8)
    solid[2:5, 1:5] = 255
    solid[3, 2:4] = 0
    examples = {
        name: FILES[name].write(Pillow.fromarray(solid), 0.0).decode()
        for name in FILES
        if FILES[name].media_type == media_type
    }
    read = json.loads if media_type == JSON else str
    return {name: {"summary": _SUMMARIES[name], "value": read(text)} for name, text in examples.items()}
