"""Every trainer says what it is, refuses what it cannot do before it starts, and names a program without a shell."""

from __future__ import annotations

from pathlib import Path

import pytest

from relens.training.trainer import BadParameters, WrongTask
from relens.training.trainers import TRAINERS
from relens.training.trainers.command import TRAINER as COMMAND
from relens.vision.task import TASKS

NAMES = TRAINERS.names()


@pytest.mark.parametrize("name", NAMES)
def test_it_has_a_title_tasks_that_exist_and_titled_parameters(name: str) -> None:
    trainer = TRAINERS.get(name)
    assert trainer.title
    assert set(trainer.tasks) <= set(TASKS.names())
    assert trainer.tasks
    assert all(parameter.title for parameter in trainer.parameters.values())


@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_it_does_not_know_is_refused(name: str) -> None:
    with pytest.raises(BadParameters, match="no parameter 'x_y_z'"):
        TRAINERS.get(name).checked({"x_y_z": 1})


@pytest.mark.parametrize("name", NAMES)
def test_a_task_it_does_not_train_is_refused_and_outlines_have_boxes(name: str) -> None:
    trainer = TRAINERS.get(name)
    with pytest.raises(WrongTask):
        trainer.task_for("poetry")
    for task in trainer.tasks:
        assert trainer.task_for(task) == task
    if "detection" in trainer.tasks:
        assert trainer.task_for("segmentation") in ("detection", "segmentation")


@pytest.mark.parametrize("name", NAMES)
def test_what_it_needs_is_a_sentence_or_nothing(name: str) -> None:
    missing = TRAINERS.get(name).missing(name)
    assert missing is None or missing.startswith(f"trainer '{name}' needs the package '")
    assert missing is None or "pip install 'relens[" in missing


@pytest.mark.parametrize("name", NAMES)
def test_its_command_is_a_list_of_words(name: str, tmp_path: Path) -> None:
    trainer = TRAINERS.get(name)
    words = trainer.command(tmp_path, {"command": ["train", "--here"]} if "command" in trainer.parameters else {})
    assert words
    assert all(isinstance(word, str) for word in words)


@pytest.mark.parametrize("bad", [None, 7, "", [], [1], "'open", [""], ["a\0b"], {"a": 1}])
def test_a_command_that_is_none_is_refused(bad: object) -> None:
    with pytest.raises(BadParameters):
        COMMAND.checked({"command": bad})


def test_nothing_in_a_command_is_expanded() -> None:
    assert COMMAND.command(Path(), {"command": "python train.py --name 'a b' $HOME; rm -rf x"}) == [
        *("python", "train.py", "--name", "a b", "$HOME;", "rm", "-rf", "x")
    ]


@pytest.mark.parametrize(
    "parameters", [{"epochs": 0}, {"epochs": 1.5}, {"minutes": float("nan")}, {"seed": "1"}, {"batch": True}]
)
def test_compact_refuses_values_out_of_range(parameters: dict[str, object]) -> None:
    with pytest.raises(BadParameters, match=next(iter(parameters))):
        TRAINERS.get("compact").checked(parameters)


def test_compact_knows_the_ranges_of_its_program() -> None:
    order = pytest.importorskip("relens.training.compact.order")
    from relens.training.trainers import compact

    assert dict(order.LIMITS) == compact._RANGES
    assert set(compact.TRAINER.parameters) == set(order.LIMITS)
