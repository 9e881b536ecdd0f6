import subprocess
import sys

PROGRAM = """
try:
    import torchvision
except RuntimeError:
    pass
import model_serving.timm_import, torchvision, timm
print(timm.models.swin_transformer.__name__)
"""


def test_timm_comes_in_even_where_torchvision_failed_to_import_before() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "timm.models.swin_transformer"
