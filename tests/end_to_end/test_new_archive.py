"""Another archive is another model: none of the old one's masks survives it."""

from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from model_serving.archive import Archive, build_archive
from tests.end_to_end.images import new_image
from tests.support.eventually import eventually
from tests.support.models import tiny_weights
from tests.support.redis_server import RedisServer
from tests.support.running_proxy import running_proxy, served_from
from tests.support.torchserve import TorchServe, ready_torchserve, torchserve


def _at_the_address_of(old: TorchServe, store: Path) -> AbstractContextManager[TorchServe]:
    """`make up` after `make model`: the new TorchServe takes the old one's ports."""
    addresses = {"TS_INFERENCE_ADDRESS": old.inference, "TS_MANAGEMENT_ADDRESS": old.management}
    return torchserve(store, **addresses, OMP_NUM_THREADS="1")


def test_a_new_archive_makes_every_known_image_new(archive: Archive, tmp_path: Path, redis_server: RedisServer):
    new_archive = build_archive("small", tiny_weights(tmp_path / "other.safetensors", seed=1), tmp_path)
    image = new_image()
    with ExitStack() as old_server, ExitStack() as new_server:
        backend = old_server.enter_context(ready_torchserve(archive.path.parent, OMP_NUM_THREADS="1"))
        with running_proxy(backend, redis_server.url, model_poll_s="0.1") as proxy:
            old = proxy.mask(image)
            assert old.headers["x-model-version"] == archive.version

            old_server.close()
            eventually(lambda: proxy.readiness()["status"] == "degraded")
            assert (
                served_from(proxy.mask(image)) == "memory"
            )  # until another model is live, the last one's mask is right

            new_server.enter_context(_at_the_address_of(backend, tmp_path))
            eventually(lambda: proxy.readiness()["status"] == "ready", seconds=180)
            new = proxy.mask(image)
            assert served_from(new) == "model"
            assert new.headers["x-model-version"] == new_archive.version != archive.version
            assert new.content != old.content
            assert new.headers["etag"] != old.headers["etag"]
            again = proxy.mask(image)
            assert served_from(again) == "memory"
            assert again.headers["x-model-version"] == new_archive.version
