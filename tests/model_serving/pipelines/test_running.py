from pathlib import Path

import pytest

from model_serving.pipelines.running import ParametersError, read_parameters


def test_values_are_yaml_and_names_may_be_nested():
    given = read_parameters(None, ["data=build/x", "data_preprocessing.seed=7", "data_ingestion.datasets=[{name: a}]"])
    assert given == {
        "data": "build/x",
        "data_preprocessing": {"seed": 7},
        "data_ingestion": {"datasets": [{"name": "a"}]},
    }


def test_the_command_line_comes_before_the_file(tmp_path: Path):
    (tmp_path / "mine.yml").write_text("data: build/x\ndata_preprocessing: {seed: 7, held_out: 0.5}\n")
    given = read_parameters(tmp_path / "mine.yml", ["data_preprocessing.seed=8"])
    assert given == {"data": "build/x", "data_preprocessing": {"seed": 8, "held_out": 0.5}}


@pytest.mark.parametrize(
    ("content", "assignments", "message"),
    [
        (None, ["dat=x"], "unknown parameter dat: choose from data"),
        (None, ["data_preprocessing.sed=1"], "unknown parameter data_preprocessing.sed: choose from held_out, seed"),
        (None, ["data"], "data: a parameter is given as name=value"),
        (None, ["data=[1"], "data=\\[1: "),
        ("- 1\n", [], "mine.yml: must be a mapping"),
        ("a: [1", [], "mine.yml: cannot be read"),
        ("sed: 1\n", [], "unknown parameter sed"),
        ("data_ingestion: {datasets: {name: a}}\n", [], "parameter data_ingestion.datasets: must be a list, "),
        ("data: ${nowhere}\n", [], "parameter data: .*'nowhere'"),
        (
            None,
            ["data_preprocessing.seed=${model_training.sed}"],
            "parameter data_preprocessing.seed: .*'model_training.sed'",
        ),
        (None, ["data=null"], "parameter data: must have a value"),
        ("model_training:\n", [], "parameter model_training: must be a mapping, "),
    ],
)
def test_what_is_wrong_is_told_in_one_line(tmp_path: Path, content: str | None, assignments: list[str], message: str):
    file = tmp_path / "mine.yml" if content else None
    if file and content:
        file.write_text(content)
    with pytest.raises(ParametersError, match=message) as told:
        read_parameters(file, assignments)
    assert "\n" not in str(told.value)


def test_a_value_may_refer_to_one_that_the_pipelines_have():
    given = read_parameters(None, ["data_preprocessing.seed=${model_training.seed}"])
    assert given == {"data_preprocessing": {"seed": "${model_training.seed}"}}


def test_a_file_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(ParametersError, match=r"gone\.yml: cannot be read"):
        read_parameters(tmp_path / "gone.yml", [])
