"""The authors' names of the network's entries, made from ours."""

import re

# The authors' blocks are numbered where ours are named. Applied in this order, each at most once to a name.
_RENAMED = tuple(
    (re.compile(ours), theirs)
    for ours, theirs in (
        (r"^backbone\.norms\.(\d)", r"backbone.norm\1"),
        *((rf"^encoders\.{i}\.", f"context{i + 1}.") for i in range(5)),
        *((rf"^refiners\.{i}\.", f"attention{2 - i}.") for i in range(3)),
        (r"^(context\d)\.direct\.", r"\1.branch0."),
        *((rf"^(context\d)\.branches\.{i}\.", rf"\1.branch{i + 1}.") for i in range(3)),
        (r"^(context\d\.branch\d)\.enter\.", r"\1.conv0."),
        (r"^(context\d\.branch\d)\.row\.", r"\1.conv1."),
        (r"^(context\d\.branch\d)\.column\.", r"\1.conv2."),
        (r"^(context\d\.branch\d)\.spread\.", r"\1.conv3."),
        (r"^(context\d)\.join\.", r"\1.conv_cat."),
        (r"^(context\d)\.residual\.", r"\1.conv_res."),
        (r"\.attention\.height\.", ".Hattn."),
        (r"\.attention\.width\.", ".Wattn."),
        (r"\.([HW])attn\.(query|key|value)\.", r".\1attn.\2_conv."),
        (r"^decoder\.join\.", "decoder.conv1."),
        *((rf"^decoder\.smooth\.{i}\.", f"decoder.conv{i + 2}.") for i in range(3)),
        (r"^decoder\.head\.", "decoder.conv5.conv."),
        (r"^(attention\d)\.(query|key|value)\.", r"\1.conv_\2."),
        (r"^(attention\d)\.answer\.", r"\1.conv_out1."),
        (r"^(attention\d)\.join\.", r"\1.conv_out2."),
        (r"^(attention\d)\.smooth\.", r"\1.conv_out3."),
        (r"^(attention\d)\.head\.", r"\1.conv_out4."),
        (r"^(attention\d)\.detail_threshold$", r"\1.lthreshold"),
    )
)


def official_name(name: str) -> str:
    """The authors' name for one of our entries; distinct entries have distinct names."""
    for ours, theirs in _RENAMED:
        name = ours.sub(theirs, name, count=1)
    return name
