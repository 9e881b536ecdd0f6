"""What a yes/no mask is to annotation tools: the documents that each of them reads.

All coordinates are pixels of the upright image (YOLO's are fractions of it). Where nothing stands out, a document has
no shapes; it still has width and height.
"""

import io
from typing import Any

from blake3 import blake3
from PIL import Image as Pillow

from proxy.imaging.brush import brush
from proxy.imaging.outlines import Ring, keyholed, outlines
from proxy.imaging.run_lengths import Solid, box, coco_counts, cvat_numbers

Document = dict[str, Any]

LABEL = "foreground"
BRUSH_LABEL = "Foreground"
LABELME_VERSION = "6.3.1"
"""labelme's own, whose files these are like."""


def coco(solid: Solid) -> Document:
    """An annotation of COCO's without its ids; `segmentation` is what pycocotools decodes."""
    height, width = solid.shape
    segmentation = {"size": [height, width], "counts": coco_counts(solid)}
    return _size(solid) | {"segmentation": segmentation, "area": _area(solid), "bbox": [*box(solid)], "iscrowd": 0}


def bounding_box(solid: Solid) -> Document:
    """`bbox`: left, top, width and height of what stands out, as COCO writes it; None where nothing does."""
    return _size(solid) | {"bbox": [*box(solid)] if solid.any() else None, "area": _area(solid)}


def polygons(solid: Solid, epsilon: float) -> Document:
    """Each object as its rings, the outer one first. Filled with the even-odd rule they are the mask."""
    return _size(solid) | {
        "polygons": [
            {
                "rings": [
                    {"hole": False, "points": outline.outer.tolist()},
                    *({"hole": True, "points": hole.tolist()} for hole in outline.holes),
                ]
            }
            for outline in outlines(solid, epsilon)
        ]
    }


def label_studio(solid: Solid) -> Document:
    """A prediction for a project with `<Image name="image">` and `<BrushLabels name="tag">`, as Label Studio's own
    template for masks has them."""
    return _size(solid) | {"result": brush_results(solid, "tag", "image", BRUSH_LABEL)}


def brush_results(solid: Solid, from_name: str, to_name: str, label: str) -> list[Document]:
    """A prediction's `result`, for the tags of any project."""
    if not solid.any():
        return []
    height, width = solid.shape
    packed = brush(solid)
    return [
        {
            "id": blake3(packed).hexdigest(length=5),  # two regions of one annotation must not share one
            "from_name": from_name,
            "to_name": to_name,
            "type": "brushlabels",
            "original_width": width,
            "original_height": height,
            "image_rotation": 0,
            "value": {"format": "rle", "rle": [*packed], "brushlabels": [label]},
        }
    ]


def cvat(solid: Solid) -> Document:
    """Shapes as CVAT's API takes them, but for `frame` and `label_id`, which are the task's."""
    shapes = [{"type": "mask", "label": LABEL, "points": cvat_numbers(solid)}] if solid.any() else []
    return _size(solid) | {"shapes": shapes}


def labelme(solid: Solid, epsilon: float) -> Document:
    """The file that labelme keeps beside an image; `imagePath` is for whoever knows the image's name."""
    height, width = solid.shape
    return {
        "version": LABELME_VERSION,
        "flags": {},
        "shapes": [_labelme_shape(ring) for ring in _closed(solid, epsilon)],
        "imagePath": "",
        "imageData": None,
        "imageHeight": height,
        "imageWidth": width,
    }


def yolo(solid: Solid, epsilon: float) -> str:
    """YOLO-seg's label file: for each object a line of its class (0), x and y, x and y, as fractions of the picture."""
    height, width = solid.shape
    return "".join(
        "0 " + " ".join(f"{x / width:.6f} {y / height:.6f}" for x, y in ring.tolist()) + "\n"
        for ring in _closed(solid, epsilon)
    )


def one_bit_png(solid: Solid) -> bytes:
    """White where the object is, eight pixels to a byte."""
    file = io.BytesIO()
    Pillow.fromarray(solid).save(file, "PNG")
    return file.getvalue()


def _closed(solid: Solid, epsilon: float) -> list[Ring]:
    return [keyholed(outline) for outline in outlines(solid, epsilon)]


def _labelme_shape(ring: Ring) -> Document:
    return {
        "label": LABEL,
        "points": ring.tolist(),
        "group_id": None,
        "description": "",
        "shape_type": "polygon",
        "flags": {},
        "mask": None,
    }


def _size(solid: Solid) -> Document:
    height, width = solid.shape
    return {"width": width, "height": height}


def _area(solid: Solid) -> int:
    return int(solid.sum())
