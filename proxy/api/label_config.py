"""A Label Studio project's labelling config, as far as masks need it."""

from dataclasses import dataclass
from xml.etree import ElementTree

from proxy.errors import BadUpload

REMEDY = '<Image name="image" value="$image"/> <BrushLabels name="tag" toName="image"><Label value="Foreground"/>…'


@dataclass(frozen=True, slots=True)
class BrushTag:
    """Where a project wants its masks. `variable`: what the image is called in a task's data."""

    name: str
    image: str
    variable: str
    labels: tuple[str, ...]

    def label(self, wanted: str | None) -> str:
        """The wanted one if there is such a label, else the first."""
        return wanted if wanted in self.labels else self.labels[0]


def brush_tag(config: str) -> BrushTag:
    """The first `BrushLabels` that labels an `Image`. Raises BadUpload where there is none."""
    root = _parsed(config)
    images = {tag.get("name"): tag.get("value", "") for tag in root.iter("Image")}
    for tag in root.iter("BrushLabels"):
        image = next((name for name in tag.get("toName", "").split(",") if name in images), None)
        labels = tuple(value for label in tag.iter("Label") if (value := label.get("value")))
        if (name := tag.get("name")) and image and labels:
            return BrushTag(name, image, images[image].removeprefix("$"), labels)
    raise BadUpload(f"The labelling config has no BrushLabels for an Image, as in {REMEDY}")


def _parsed(config: str) -> ElementTree.Element:
    if "<!DOCTYPE" in config or "<!ENTITY" in config:
        raise BadUpload("The labelling config declares entities, which are not read here.")
    try:
        return ElementTree.fromstring(config)
    except ElementTree.ParseError as error:
        raise BadUpload(f"The labelling config is no XML: {error}.") from None
