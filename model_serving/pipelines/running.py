"""One run of one pipeline: Kedro's session, and the parameters it is given."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kedro.config import OmegaConfigLoader
from kedro.framework.project import configure_project
from kedro.framework.session import KedroSession
from omegaconf import Container, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from model_serving.settings import CONF_SOURCE, CONFIG_LOADER_ARGS

PROJECT = "model_serving"
_KINDS = {dict: "a mapping, as in `seed: 1`, and not empty", list: "a list, with a dash before each of its entries"}


class ParametersError(Exception):
    """Parameters that the pipelines do not have. The message is one line: which one, and what there is."""


def run(pipeline: str, parameters: Mapping[str, Any]) -> None:
    """Runs the pipeline in the working directory; `parameters` take precedence over those of `conf/`.

    Whatever a node raises comes through.
    """
    configure_project(PROJECT)
    session = KedroSession.create(Path.cwd(), save_on_close=False, runtime_params=dict(parameters))
    with session:
        session.run(pipeline_names=[pipeline])


def read_parameters(file: Path | None, assignments: Sequence[str]) -> dict[str, Any]:
    """The parameters in a YAML file, and over them each `name.inner=value`, the values in YAML too.

    ParametersError for what cannot be read, and for a name that no pipeline knows.
    """
    given = OmegaConf.merge(_read(file) if file else {}, _assigned(assignments))
    parameters: dict[str, Any] = OmegaConf.to_container(given)  # type: ignore[assignment] # merged from mappings
    known = OmegaConfigLoader(CONF_SOURCE, **CONFIG_LOADER_ARGS)["parameters"]
    _check(parameters, known)
    _resolve(OmegaConf.merge(known, given))
    return parameters


def _read(file: Path) -> DictConfig:
    try:
        parameters = OmegaConf.load(file)
    except (OSError, YAMLError, OmegaConfBaseException) as error:
        raise ParametersError(f"{file}: cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(parameters, DictConfig):
        raise ParametersError(f"{file}: must be a mapping of parameters, as in `seed: 1`")
    return parameters


def _assigned(assignments: Sequence[str]) -> DictConfig:
    for assignment in assignments:
        if "=" not in assignment:
            raise ParametersError(f"{assignment}: a parameter is given as name=value")
    try:
        return OmegaConf.from_dotlist(list(assignments))
    except (YAMLError, OmegaConfBaseException) as error:
        raise ParametersError(f"{' '.join(assignments)}: {' '.join(str(error).split())}") from error


def _resolve(parameters: Container) -> None:
    """What `${...}` stands for is put in by Kedro, together with its own parameters."""
    try:
        OmegaConf.to_container(parameters, resolve=True)
    except OmegaConfBaseException as error:
        raise ParametersError(f"parameter {error.full_key}: {str(error).splitlines()[0]}") from error


def _check(given: Mapping[str, Any], known: Mapping[str, Any], above: str = "") -> None:
    """A misspelt name would otherwise be taken, and nobody would ask for it; and no list is merged with a mapping."""
    for name, value in given.items():
        if name not in known:
            raise ParametersError(f"unknown parameter {above}{name}: choose from {', '.join(sorted(known))}")
        if value is None and not (above or isinstance(known[name], Mapping)):  # a pipeline's own has a default
            raise ParametersError(f"parameter {above}{name}: must have a value")
        for kind, told in _KINDS.items():
            if isinstance(known[name], kind) and not isinstance(value, kind):
                raise ParametersError(f"parameter {above}{name}: must be {told}")
        if isinstance(value, Mapping) and isinstance(known[name], Mapping):
            _check(value, known[name], f"{above}{name}.")
