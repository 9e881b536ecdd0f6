"""The story of `rematte up`."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from proxy.backends.torchserve import BUILT_ANEW
from proxy.listening import bind, shown_url, url_of
from proxy.settings import Settings
from proxy.signals import Signals
from proxy.up.archive import build_archive, is_outdated
from proxy.up.child import Child
from proxy.up.crew import CannotRun, Crew, Stopped
from proxy.up.place import Place, occupy
from proxy.up.proxy import is_ready, start_proxy
from proxy.up.redis import find_redis, start_redis
from proxy.up.report import Report
from proxy.up.torchserve import free_addresses, refusal, start_torchserve

MODEL_PATIENCE_S = 360
"""Seconds: TorchServe's own patience with a model that loads (`startupTimeout`, 300), and a minute for Java."""

LAST_WORDS_S = 7
"""Seconds that the proxy may take after its drain: `serving` gives its last bytes and writes 6."""


def up(settings: Settings, environment: Mapping[str, str], home: Path, report: Report) -> None:
    """Starts all that is missing and stays until a signal comes; then nothing of it is left.

    `environment` is what `settings` were read from; `home` gets a folder `.run` and holds `model-store`. Raises
    CannotListen, Occupied, CannotRun or OSError when something is in the way or ends early, and then leaves nothing
    behind either.
    """
    with (
        suppress(Stopped),
        Signals() as signals,
        occupy(home / ".run") as place,
        Crew(place.logs, signals, report).on_duty(settings.drain_s + LAST_WORDS_S) as crew,
    ):
        bind(settings.host, settings.port, may_be_reached=settings.may_be_reached).close()
        Supervisor(settings, environment, home, place, crew, report).run()
    report.line("Stopped", "nothing is left running")


class Supervisor:
    def __init__(
        self,
        settings: Settings,
        environment: Mapping[str, str],
        home: Path,
        place: Place,
        crew: Crew,
        report: Report,
    ) -> None:
        self._settings = settings
        self._environment = dict(environment)
        self._home = home
        self._place = place
        self._crew = crew
        self._report = report

    def run(self) -> None:
        self._redis()
        torchserve = self._torchserve()
        start_proxy(self._crew, self._environment)
        self._model(torchserve)
        self._welcome()
        while True:
            self._crew.look_after()

    def _redis(self) -> None:
        if self._settings.redis_url is not None:
            return self._report.line("Redis", "the one that REMATTE_REDIS_URL names")
        if (server := find_redis()) is None:
            return self._report.line("Redis", "none on the PATH, none as a wheel: masks are kept in memory alone")
        self._environment["REMATTE_REDIS_URL"] = start_redis(self._crew, self._place, server, self._environment)
        return self._report.line("Redis", server)

    def _torchserve(self) -> Child | None:
        if self._settings.torchserve_url is not None:
            self._report.line("TorchServe", "the one that REMATTE_TORCHSERVE_URL names")
            return None
        archive = self._home / "model-store" / "inspyrenet.mar"
        self._archive(archive)
        addresses = free_addresses()
        self._environment["REMATTE_TORCHSERVE_URL"] = addresses.inference
        self._environment["REMATTE_TORCHSERVE_MANAGEMENT_URL"] = addresses.management
        self._report.line("TorchServe", addresses.inference)
        return start_torchserve(self._crew, self._place, archive.parent, addresses, self._environment)

    def _archive(self, archive: Path) -> None:
        if not archive.exists():
            build_archive(self._crew, archive, self._environment)
            self._report.line("Archive", f"{archive} has been built")
        elif is_outdated(archive):
            self._report.line("Archive", f"{archive} is older than the model's code: {BUILT_ANEW}")

    def _model(self, torchserve: Child | None) -> None:
        url = url_of(self._settings.host, self._settings.port)

        def is_live() -> bool:
            if torchserve is not None and (reason := refusal(torchserve)):
                raise CannotRun(f"TorchServe cannot load the model: {reason}")
            return is_ready(url)

        self._crew.wait("loading the model", is_live, MODEL_PATIENCE_S)

    def _welcome(self) -> None:
        url = shown_url(self._settings.host, self._settings.port)
        self._report.line("Ready", f"{url}   (Ctrl-C stops everything)")
        self._report.line("Docs", f"{url}/docs")
        self._report.line(
            "Try", f"curl --data-binary @photo.jpg -H 'Content-Type: image/jpeg' {url}/v1/mask -o mask.png"
        )
