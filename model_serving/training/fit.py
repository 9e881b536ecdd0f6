"""A training on labelled pictures: from a manifest to weights that `make model` takes."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from model_serving.datasets.manifest import TRAIN, Pair
from model_serving.splitting import is_out_of_memory
from model_serving.training.checking import Score
from model_serving.training.checkpoint import read_checkpoint
from model_serving.training.course import Course
from model_serving.training.errors import Stopped, TrainingError, reader_killed
from model_serving.training.parameters import Parameters, differences
from model_serving.training.pushgateway import gateway
from model_serving.training.reports import Listener, Log, progress_bar
from model_serving.training.run import NonFiniteLoss
from model_serving.training.starting import begin, fresh_run
from model_serving.training.stopping import asked_to_stop
from model_serving.training.tensorboard import events


def fit(parameters: Parameters, pairs: Sequence[Pair], console: Console) -> Path:
    """Trains to the end of the last epoch, or on from where a run on the same terms was; returns the best weights.

    TrainingError for what cannot be begun or gone on with, Stopped after Ctrl-C.
    """
    course = open_course(parameters, pairs)
    if course.over:
        if not parameters.weights.exists():
            raise TrainingError(
                f"{parameters.weights}: trained already, but no longer there; take {parameters.last_weights.name}, or"
                " begin anew with model_training.resume=false"
            )
        console.print(
            f"{parameters.weights}: trained already; model_training.resume=false begins anew",
            highlight=False,
            soft_wrap=True,
        )
    else:
        carry_through(course, console)
    return parameters.weights


def carry_through(course: Course, console: Console) -> None:
    """As `fit`, with whoever else listens to the course."""
    for line in _introduction(course):
        console.print(line, highlight=False, soft_wrap=True)
    with ExitStack() as stack:
        course.listeners = [*_listeners(course, stack, console), *course.listeners]
        stop = stack.enter_context(asked_to_stop())
        try:
            course.run_on(stop)
        except (NonFiniteLoss, MemoryError, RuntimeError) as error:
            if told := _told(error, course):
                raise TrainingError(told) from error
            raise
    if not course.over:
        again = _same_command(course.parameters)
        raise Stopped(f"stopped after step {course.saved_at} of {course.steps}; {again} goes on from there")


def open_course(parameters: Parameters, pairs: Sequence[Pair]) -> Course:
    """At its first step or, where there is a checkpoint to go on from, after the step of that."""
    count = sum(pair.split == TRAIN for pair in pairs)
    if count < parameters.batch:
        raise TrainingError(
            f"{count} pairs to train on, fewer than model_training.batch ({parameters.batch}): make it smaller, or"
            " bring more with `make data`"
        )
    if parameters.resume and parameters.checkpoint.exists():
        return _resumed(parameters, pairs, count)
    run = begin(parameters, count)
    parameters.out.mkdir(parents=True, exist_ok=True)
    parameters.checkpoint.unlink(missing_ok=True)  # or, killed before its first one, this run would go on with that
    return Course(parameters, run, pairs)


def _resumed(parameters: Parameters, pairs: Sequence[Pair], count: int) -> Course:
    file = parameters.checkpoint
    state = read_checkpoint(file)
    if "terms" not in state:
        raise TrainingError(f"{file}: a checkpoint of a training on composites; name another model_training.out")
    if others := differences(state["terms"], parameters.terms(pairs)):
        raise TrainingError(
            f"{file}: a run with {'; '.join(others)}: go on with the same, or begin anew with"
            " model_training.resume=false"
        )
    run = fresh_run(parameters, count, state["shape"])
    run.restore(state)
    # Where the best weights were taken away, the next ones are the best of those that are there.
    best = Score(*state["best"]) if state["best"] and parameters.weights.exists() else None
    return Course(parameters, run, pairs, state["closed"], best)


def _introduction(course: Course) -> Iterator[str]:
    parameters, stage = course.parameters, course.run.stage
    at = f" after step {course.saved_at:,}" if course.saved_at else ""
    yield (
        f"{parameters.variant} at {stage.size} x {stage.size} pixels on {course.run.device}:"
        f" {len(course.learned):,} pairs, {len(course.held_out):,} held out;"
        f" {course.steps:,} steps in {parameters.epochs} epochs{at}"
    )
    if not course.held_out:
        yield "no pair is held out: the last weights will count as the best"
    if course.steps <= parameters.warm_up:
        yield (
            f"model_training.warm_up ({parameters.warm_up:,} steps) is longer than the run: the rate will not come to"
            f" its peak; a tenth of the steps would be {max(1, course.steps // 10):,}"
        )


def _listeners(course: Course, stack: ExitStack, console: Console) -> list[Listener]:
    parameters, step = course.parameters, course.run.position.steps
    listeners: list[Listener] = [
        stack.enter_context(progress_bar(console, step, course.steps)),
        Log(parameters.out / "log"),
    ]
    if parameters.tensorboard:
        listeners.append(stack.enter_context(events(parameters.out / "tensorboard", step)))
    if parameters.pushgateway:
        listeners.append(stack.enter_context(gateway(parameters.pushgateway, parameters.variant, console)))
    return listeners


def _same_command(parameters: Parameters) -> str:
    return "the same command" if parameters.resume else "the same command without model_training.resume=false"


def _told(error: Exception, course: Course) -> str | None:
    """What became of the step that was under way, in a line; None where it is a bug."""
    parameters, place = course.parameters, f"step {course.run.position.steps + 1}"
    if isinstance(error, NonFiniteLoss):
        known = f"{parameters.checkpoint} of step {course.saved_at}" if course.saved_at else "none"
        return (
            f"{place}: {error}; the last checkpoint is {known}; begin anew with model_training.resume=false and a lower"
            " model_training.rate, or with model_training.precision=float32"
        )
    if killed := reader_killed(error):
        workers = f"model_training.workers ({parameters.workers}) may be fewer"
        return f"{place}: {killed}; {workers}; {_same_command(parameters)} goes on from step {course.saved_at}"
    if is_out_of_memory(error):
        return (
            f"{place}: out of memory; make model_training.batch ({parameters.batch}) or model_training.size"
            f" ({course.run.stage.size}) smaller"
        )
    return None
