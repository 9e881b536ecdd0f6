"""What the container files promise, as far as it shows without a Docker engine; `make check` lints them."""

import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from proxy.settings import read_settings

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile-build").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def compose(name: str) -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((ROOT / name).read_text())["services"]
    return services


def test_only_the_proxy_is_published_and_only_on_loopback() -> None:
    ports = {name: service.get("ports", []) for name, service in compose("docker-compose.yml").items()}
    assert ports == {"proxy": ["127.0.0.1:${REMATTE_PORT:-8000}:8000"], "torchserve": [], "redis": []}


@pytest.mark.parametrize("name", ["proxy", "torchserve"])
def test_compose_builds_a_target_that_there_is(name: str) -> None:
    build = compose("docker-compose.yml")[name]["build"]
    assert (ROOT / build["dockerfile"]).read_text() == DOCKERFILE
    assert re.search(rf"^FROM \S+ AS {build['target']}$", DOCKERFILE, re.MULTILINE)


@pytest.mark.parametrize("name", ["docker-compose.yml", "docker-compose.gpu.yml"])
def test_both_images_are_built_with_the_same_arguments(name: str) -> None:
    services = compose(name)
    assert services["proxy"]["build"]["args"] == services["torchserve"]["build"]["args"]


def test_the_dockerfile_declares_every_build_argument() -> None:
    declared = set(re.findall(r"^ARG (\w+)", DOCKERFILE, re.MULTILINE))
    assert set(compose("docker-compose.yml")["proxy"]["build"]["args"]) == declared


def test_all_that_make_model_takes_can_be_given_to_the_images() -> None:
    model = re.search(r"make model (.+)$", DOCKERFILE, re.MULTILINE)
    assert model
    recipe = re.findall(r"^(?:NETWORK|\t.*-m model_serving\.archive) .*$", MAKEFILE, re.MULTILINE)
    assert len(recipe) == 2
    taken = re.findall(r"\$\(([A-Z]+)\)", "".join(recipe))
    assert set(re.findall(r"([A-Z]+)=", model[1])) == set(taken) - {"BIN", "NETWORK"}


def test_the_proxy_accepts_the_settings_that_compose_gives_it() -> None:
    settings = read_settings(compose("docker-compose.yml")["proxy"]["environment"])
    assert (settings.host, settings.port) == ("0.0.0.0", 8000)


def test_a_gpu_is_required_where_one_is_reserved() -> None:
    torchserve = compose("docker-compose.gpu.yml")["torchserve"]
    assert torchserve["environment"] == {"REMATTE_REQUIRE_DEVICE": "cuda"}
    assert torchserve["deploy"]["resources"]["reservations"]["devices"][0]["driver"] == "nvidia"


def test_the_images_are_installed_and_built_by_make_alone() -> None:
    assert re.findall(r"make (?:setup|model)\b", DOCKERFILE) == ["make setup", "make model"] * 2  # once in a comment
    assert "pip install" not in DOCKERFILE


class Readiness(BaseHTTPRequestHandler):
    """Answers /readyz with the server's status."""

    def do_GET(self) -> None:
        assert self.path == "/readyz"
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_proxys_health_is_asked_of_itself_whatever_proxy_the_environment_names(status: int, healthy: bool) -> None:
    check = json.loads(re.findall(r"^HEALTHCHECK .+ CMD (\[.+\])$", DOCKERFILE, re.MULTILINE)[-1])
    with ThreadingHTTPServer(("127.0.0.1", 0), Readiness) as server:
        server.status = status  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        command = [sys.executable, *(word.replace(":8000", f":{server.server_port}") for word in check[1:])]
        environment = {**os.environ, "http_proxy": "http://127.0.0.1:9", "no_proxy": ""}
        done = subprocess.run(command, env=environment, capture_output=True, timeout=60)
        server.shutdown()
    assert (done.returncode == 0) == healthy


def test_what_the_images_copy_is_there() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    sources = " ".join(copied).split()
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []
