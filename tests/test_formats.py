"""The proxy measures what the model reads, and neither may import the other: here they meet."""

from model_serving import pixels
from proxy.imaging import picture


def test_proxy_and_model_accept_the_same_formats():
    assert set(picture.FORMATS) == set(pixels.FORMATS)
