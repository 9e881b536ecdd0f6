import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from proxy.core.events import Events
from proxy.core.types import Model
from proxy.errors import BackendAway, BadImage
from proxy.telemetry.metrics import Given, Metrics
from tests.support.scrape import Scrape

ROOT = Path(__file__).parents[3]
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def scrape(metrics: Metrics) -> Scrape:
    return Scrape(metrics.exposition("")[0].decode())


def busy() -> Metrics:
    """One of everything that can happen."""
    metrics = Metrics()
    metrics.serves(Model("inspyrenet", "small-1"))
    metrics.answered("/v1/mask", 200)
    metrics.refused("bad-image")
    metrics.took("read", 0.001)
    return metrics


def test_every_event_is_listened_to():
    events = {name for name in vars(Events) if not name.startswith("_")}
    assert events <= set(vars(Metrics))


def test_what_is_known_beforehand_stands_at_zero():
    count = scrape(Metrics())
    assert 'rematte_lookups_total{result="error",tier="redis"} 0.0' in Metrics().exposition("")[0].decode()
    assert count.sum("rematte_lookups_total") == 0


def test_a_new_model_takes_the_place_of_the_old_one():
    metrics = busy()
    metrics.serves(Model("inspyrenet", "small-2"))
    count = scrape(metrics)
    assert count.sum("rematte_build_info", "inspyrenet", "small-1", version("rematte")) == 0
    assert count.sum("rematte_build_info", "inspyrenet", "small-2", version("rematte")) == 1


def test_a_bad_image_is_no_failure_of_the_model_server():
    metrics = Metrics()
    metrics.failed("torchserve", BadImage("truncated"))
    metrics.failed("torchserve", BackendAway("gone"))
    count = scrape(metrics)
    assert count["rematte_upstream_errors_total", "BackendAway", "torchserve"] == 1
    assert count.sum("rematte_upstream_errors_total") == 1


@pytest.mark.parametrize(("accept", "media_type"), [("", "text/plain"), (OPENMETRICS, "application/openmetrics-text")])
def test_the_format_is_the_one_that_is_accepted(accept, media_type):
    body, said = busy().exposition(accept)
    assert said.startswith(media_type)
    assert body.endswith(b"# EOF\n") == (media_type == "application/openmetrics-text")


def test_a_process_tells_its_own_size_too():
    assert scrape(Metrics())["process_resident_memory_bytes"] > 0


def test_the_series_are_few():
    assert scrape(busy()).series < 200


def test_what_the_manual_lists_is_what_there_is():
    listed = set(re.findall(r"^\| `(rematte_\w+)", (ROOT / "docs" / "monitoring.md").read_text(), re.MULTILINE))
    families = (family for family in scrape(busy()).families if family.name.startswith("rematte_"))
    assert {family.name + "_total" * (family.type == "counter") for family in families} == listed


def test_a_tiers_hit_ratio_is_of_the_times_that_it_was_asked():
    metrics = Metrics()
    assert metrics.hit_ratios() == {"memory": None, "redis": None}
    for answer in ("hit", "hit", "hit", "miss"):
        metrics.looked_up("memory", answer)
    metrics.looked_up("redis", "error")
    assert metrics.hit_ratios() == {"memory": 0.75, "redis": 0.0}


def test_answers_by_upload_and_by_digest_are_counted_together():
    metrics = Metrics()
    for result in ("hit", "miss", "miss", "bypass"):
        metrics.predicted(result)
    for found in (True, True, False):
        metrics.recalled(found)
    assert metrics.given() == Given(kept=3, answers=6), "an unknown digest is no answer: its image is sent next"


ONE_OF_SEVERAL = """
import sys
from proxy.core.types import Model
from proxy.telemetry.metrics import Metrics
metrics = Metrics()
metrics.serves(Model("inspyrenet", "small-1"))
metrics.predicted("hit")
metrics.took("read", 0.001)
metrics.queued(2, 100, 1)
metrics.looked_up("memory", "hit" if "show" in sys.argv else "miss")
print(metrics.exposition("")[0].decode() if "show" in sys.argv else "", end="")
print("#", metrics.hit_ratios())
"""


def one_of_several(folder: Path, *arguments: str) -> str:
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(folder), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", ONE_OF_SEVERAL, *arguments]
    return subprocess.run(command, env=environment, check=True, text=True, capture_output=True).stdout


def test_any_of_several_processes_shows_what_all_of_them_counted(tmp_path):
    one_of_several(tmp_path)
    shown = one_of_several(tmp_path, "show")
    assert shown.endswith("# {'memory': 0.5, 'redis': None}\n")
    count = Scrape(shown)
    assert count["rematte_cache_results_total", "hit"] == 2
    assert count["rematte_stage_seconds_count", "read"] == 2
    assert (count["rematte_queue_images"], count["rematte_queue_bytes"]) == (4, 200)
    assert count.sum("rematte_build_info") == 1
    assert not count["process_resident_memory_bytes"]
