"""What was measured, for people and for programs: tables on the terminal, files in a folder."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from rich.table import Table

from model_serving.evaluation.published import COMPARED, published
from model_serving.evaluation.score import LESS_IS_BETTER, MEASURES, Score, means, values

WORSE_END = 0.1


def by_source(scores: Sequence[Score]) -> Mapping[str, list[Score]]:
    """In the order in which the sources first appear."""
    sources: dict[str, list[Score]] = {}
    for score in scores:
        sources.setdefault(score.source, []).append(score)
    return sources


def tables(scores: Sequence[Score]) -> list[Table]:
    """For each source its measures, and beside the paper's where it has published some."""
    shown = []
    for source, found in by_source(scores).items():
        shown.append(measured(source, found))
        if published(source):
            shown.append(compared(source, found))
    return shown


def measured(source: str, scores: Sequence[Score]) -> Table:
    """Mean, median and the worst tenth of each measure."""
    counted = "1 picture" if len(scores) == 1 else f"{len(scores)} pictures"
    shown = Table("measure", "mean", "median", "worst tenth", title=f"{source}: {counted}")
    mean, each = means(scores), [values(score) for score in scores]
    for name in MEASURES:
        of_each = [value[name] for value in each]
        worse = np.quantile(of_each, 1.0 - WORSE_END if name in LESS_IS_BETTER else WORSE_END)
        shown.add_row(name, *(f"{value:.3f}" for value in (mean[name], np.median(of_each), worse)))
    return shown


def compared(source: str, scores: Sequence[Score]) -> Table:
    """The means beside those of the paper on the same test set."""
    shown = Table("network", "trained on", "size", *COMPARED, title=f"{source}: beside the paper")
    mean = means(scores)
    shown.add_row("these weights", "", "", *(f"{mean[name]:.3f}" for name in COMPARED), style="bold")
    for row in published(source):
        shown.add_row(row.network, row.trained_on, row.size, *(_told(getattr(row, name)) for name in COMPARED))
    return shown


def write_report(folder: Path, weights: str, scores: Sequence[Score], sheet: Image.Image) -> None:
    """scores.csv (a row for each picture), scores.json (the means) and sheet.png; each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "scores.csv", _rows(scores).encode())
    _write(folder / "scores.json", (json.dumps(_summary(weights, scores), indent=2) + "\n").encode())
    picture = io.BytesIO()
    sheet.save(picture, "PNG")
    _write(folder / "sheet.png", picture.getvalue())


def _rows(scores: Sequence[Score]) -> str:
    page = io.StringIO()
    table = csv.writer(page, lineterminator="\n")
    table.writerow(("source", "name", *MEASURES))
    for score in scores:
        table.writerow((score.source, score.name, *(f"{value:.5f}" for value in values(score).values())))
    return page.getvalue()


def _summary(weights: str, scores: Sequence[Score]) -> dict[str, object]:
    sources = {source: {"pictures": len(found), **means(found)} for source, found in by_source(scores).items()}
    return {"weights": weights, "sources": sources}


def _write(file: Path, content: bytes) -> None:
    unfinished = file.with_name(f"{file.name}.part")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def _told(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
