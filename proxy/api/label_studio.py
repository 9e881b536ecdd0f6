"""Label Studio's ML backend: tasks in, predictions with a brush out.

The contract is that of `label_studio/ml/api_connector.py` (1.23). Health and setup have a second or three, so they are
answered from memory.
"""

import asyncio
import logging
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from proxy.api.admission import PASSWORD
from proxy.api.departure import while_connected
from proxy.api.label_config import BrushTag, brush_tag
from proxy.api.label_prompts import Context, prompts_of, wanted_label
from proxy.api.openapi import challenge, model_problems, task_problems
from proxy.api.openapi_examples import json_body, shown
from proxy.api.service import Service, service_of
from proxy.api.submission import image_in_base64, image_of
from proxy.api.tools import Seen, live_version, read, seen
from proxy.core.fingerprint import Image
from proxy.errors import OUTAGES, BadUpload, RematteError
from proxy.imaging.annotations import brush_results
from proxy.imaging.prompts import part_of

logger = logging.getLogger(__name__)

AT_ONCE = 8
"""Tasks of one batch: the queue is there for others too."""
MAX_CONFIG_LETTERS = 1_000_000
"""Thousands of labels, in some milliseconds."""

router = APIRouter(prefix="/label-studio", tags=["Label Studio"], dependencies=PASSWORD)


class Task(BaseModel):
    """`data` holds the image's address under the name that the labelling config has for it."""

    data: dict[str, Any]


class Params(BaseModel):
    """`context`: what an annotator points at, with a smart tool."""

    context: Context | None = None


class Tasks(BaseModel):
    """The body of `/predict`."""

    tasks: list[Task] = Field(min_length=1, max_length=1000)
    label_config: str = Field(max_length=MAX_CONFIG_LETTERS)
    params: Params = Params()


class TaskPrediction(BaseModel):
    """`result` is empty where nothing stands out, and where the image of one task of several cannot be had."""

    result: list[dict[str, Any]]
    score: float | None = None
    model_version: str


class Predictions(BaseModel):
    """One for each task, in their order."""

    results: list[TaskPrediction]


class BackendHealth(BaseModel):
    status: str = "UP"
    model_class: str = "Rematte"


class Setup(BaseModel):
    """Label Studio asks again for tasks whose predictions have another version."""

    model_version: str


class Versions(BaseModel):
    versions: list[str]


class Heard(BaseModel):
    status: str = "ok"


_EXAMPLE = {
    "tasks": [{"id": 12, "data": {"image": "https://images.example/cat.jpg"}}],
    "label_config": '<View><Image name="image" value="$image"/><BrushLabels name="tag" toName="image">'
    '<Label value="Foreground"/></BrushLabels></View>',
    "params": {"context": None},
}
_PROJECT = {"project": "1.1763690000", "schema": _EXAMPLE["label_config"], "hostname": "http://localhost:8080"}
_EVENT = {"action": "ANNOTATION_CREATED", "project": {"id": 1}, "annotation": {"id": 7, "result": []}}
_RESULT = brush_results(np.ones((1, 2), np.bool_), "tag", "image", "Foreground")
_PREDICTIONS = {"results": [{"result": _RESULT, "score": 0.9987, "model_version": "small-5d41402a"}]}


@router.get(
    "/health",
    operation_id="label_studio_health",
    summary="Whether the backend is up",
    responses=challenge() | {200: shown("It is.", {"status": "UP", "model_class": "Rematte"})},
)
@router.get("/", include_in_schema=False)
async def health() -> BackendHealth:
    """Label Studio waits a second for it. The model is not asked."""
    return BackendHealth()


@router.post(
    "/setup",
    operation_id="label_studio_setup",
    summary="Which model answers",
    responses=model_problems() | {200: shown("The live one.", {"model_version": "small-5d41402a"})},
    openapi_extra=json_body(_PROJECT, required=False),
)
async def setup(request: Request) -> Setup:
    """What Label Studio sends about its project is not needed: it comes with each prediction again."""
    return Setup(model_version=live_version(request))


@router.get(
    "/versions",
    operation_id="label_studio_versions",
    summary="Which models there are",
    responses=model_problems() | {200: shown("One.", {"versions": ["small-5d41402a"]})},
)
async def versions(request: Request) -> Versions:
    """The live one."""
    return Versions(versions=[live_version(request)])


@router.post(
    "/webhook",
    operation_id="label_studio_webhook",
    summary="What happens in projects",
    responses=challenge() | {200: shown("It was heard.", {"status": "ok"})},
    openapi_extra=json_body(_EVENT, required=False),
)
async def webhook() -> Heard:
    """Label Studio tells of every annotation. Nothing is learnt from it here."""
    return Heard()


@router.post(
    "/predict",
    operation_id="label_studio_predict",
    summary="Masks for tasks",
    response_model_exclude_none=True,
    responses=task_problems() | {200: shown("In the tasks' order.", _PREDICTIONS)},
    openapi_extra=json_body(_EXAMPLE),
)
async def predict(request: Request) -> Predictions:
    """For each task the mask of its image, as a brush of the project's first label.

    With a `context` the part that it points at: what lies in rectangles, objects with a point, none with a negative
    one. The model is asked once for an image, however often somebody clicks.
    """
    try:
        asked = await read(request, Tasks)
        tag = brush_tag(asked.label_config)
        return await while_connected(request, _predicted(request, asked, tag))
    except RematteError as error:  # Label Studio shows its status, and not what it says
        logger.warning("Label Studio gets no predictions: %s", error)
        raise


async def _predicted(request: Request, asked: Tasks, tag: BrushTag) -> Predictions:
    if len(asked.tasks) == 1:
        return Predictions(results=[await _prediction(request, asked.tasks[0], tag, asked.params.context)])
    turns = asyncio.Semaphore(AT_ONCE)
    version = live_version(request)

    async def in_turn(task: Task) -> TaskPrediction:
        async with turns:
            try:
                return await _prediction(request, task, tag, None)
            except OUTAGES:  # an empty prediction would be taken for this version's last word on the task
                raise
            except RematteError as error:  # one bad image must not cost the others their answers
                logger.warning("a task of a batch has no prediction: %s", error)
                return TaskPrediction(result=[], model_version=version)

    working = [asyncio.create_task(in_turn(task)) for task in asked.tasks]
    try:
        return Predictions(results=await asyncio.gather(*working))
    finally:
        for work in working:
            work.cancel()


async def _prediction(request: Request, task: Task, tag: BrushTag, context: Context | None) -> TaskPrediction:
    address = task.data.get(tag.variable)
    if not isinstance(address, str):
        raise BadUpload(f"The task's data has no `{tag.variable}`, which the labelling config's Image names.")
    mask = await seen(request, await _image(address, service_of(request)))
    result = await asyncio.to_thread(_result, mask, tag, context)
    return TaskPrediction(result=result, score=mask.confidence, model_version=mask.model_version)


async def _image(address: str, service: Service) -> Image:
    if address.startswith("data:"):
        return await image_in_base64(address, service)
    return image_of(await service.task_images.fetch(address), service)


def _result(mask: Seen, tag: BrushTag, context: Context | None) -> list[dict[str, Any]]:
    solid = part_of(mask.solid, prompts_of(context, mask.solid.shape)) if context else mask.solid
    return brush_results(solid, tag.name, tag.image, tag.label(wanted_label(context)))
