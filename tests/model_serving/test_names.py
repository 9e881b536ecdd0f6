import pytest

from model_serving.build import build_network
from model_serving.names import official_name


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("backbone.layers.0.downsample.norm.weight", "backbone.layers.0.downsample.norm.weight"),
        ("backbone.norms.3.bias", "backbone.norm3.bias"),
        ("encoders.0.direct.conv.weight", "context1.branch0.conv.weight"),
        ("encoders.4.branches.2.spread.bn.weight", "context5.branch3.conv3.bn.weight"),
        ("encoders.1.branches.0.attention.height.gamma", "context2.branch1.Hattn.gamma"),
        ("encoders.2.join.conv.weight", "context3.conv_cat.conv.weight"),
        ("decoder.attention.width.query.conv.weight", "decoder.Wattn.query_conv.conv.weight"),
        ("decoder.smooth.2.bn.bias", "decoder.conv4.bn.bias"),
        ("decoder.head.weight", "decoder.conv5.conv.weight"),
        ("refiners.0.threshold", "attention2.threshold"),
        ("refiners.2.detail_threshold", "attention0.lthreshold"),
        ("refiners.1.key.0.conv.weight", "attention1.conv_key.0.conv.weight"),
        ("refiners.2.head.bn.running_var", "attention0.conv_out4.bn.running_var"),
    ],
)
def test_each_part_has_the_authors_name(ours: str, theirs: str) -> None:
    assert official_name(ours) == theirs


def test_no_two_entries_share_a_name() -> None:
    ours = build_network("small").state_dict()
    assert len({official_name(name) for name in ours}) == len(ours)
