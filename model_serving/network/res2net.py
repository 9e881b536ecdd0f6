"""Res2Net-50 v1b 26w x 4s (Gao et al. 2019) as InSPyReNet uses it: timm's res2net50d with dilated late stages."""

from collections.abc import Iterable

from torch import Tensor, nn

from model_serving.timm_import import res2net50d

# Dilation of each block's 3x3 convolutions; timm's model has none, with the same names and shapes.
DILATIONS = {"layer3": (2,) * 6, "layer4": (4, 8, 16)}


class Res2Net50(nn.Module):
    """Bx3xHxW -> five maps of stride 4, 4, 8, 16, 32: after the stem's pooling, then each of the four stages."""

    channels = (64, 256, 512, 1024, 2048)

    def __init__(self) -> None:
        super().__init__()
        model = res2net50d(num_classes=0)
        self.conv1, self.bn1, self.act1, self.maxpool = model.conv1, model.bn1, model.act1, model.maxpool
        self.layer1, self.layer2, self.layer3, self.layer4 = model.layer1, model.layer2, model.layer3, model.layer4
        for stage, dilations in DILATIONS.items():
            for block, dilation in zip(getattr(model, stage), dilations, strict=True):
                _dilate(block.convs, dilation)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        maps = [self.maxpool(self.act1(self.bn1(self.conv1(image))))]
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            maps.append(stage(maps[-1]))
        return tuple(maps)


def _dilate(convs: Iterable[nn.Conv2d], dilation: int) -> None:
    for conv in convs:
        conv.dilation = conv.padding = (dilation, dilation)
