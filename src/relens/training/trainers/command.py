"""Any program you have: it finds its images in the run folder and leaves out/model.onnx there (docs/trainers.md)."""

import shlex
from pathlib import Path

from relens.training.trainer import BadParameters, Parameter, Parameters, Trainer


def _command(_run_folder: Path, parameters: Parameters) -> list[str]:
    """Started in the run folder, without a shell: a text is split as a shell would, and nothing in it is expanded."""
    given = parameters.get("command")
    if isinstance(given, str):
        try:
            words = shlex.split(given)
        except ValueError as error:
            raise BadParameters(f"the command cannot be split into words: {error}") from error
    elif isinstance(given, list) and all(isinstance(word, str) for word in given):
        words = list(given)
    else:
        raise BadParameters("give the program and its arguments as parameter 'command': a list of words, or one text")
    if not words or not words[0] or any("\0" in word for word in words):
        raise BadParameters("the parameter 'command' is empty: name the program to start, then its arguments")
    return words


def _check(parameters: Parameters) -> None:
    _command(Path(), parameters)
    settings = parameters.get("parameters")
    if settings is not None and not isinstance(settings, dict):
        raise BadParameters("'parameters' is an object that the program finds in its run.json")


TRAINER = Trainer(
    title="Your own command",
    tasks=("detection", "classification", "segmentation"),
    parameters={
        "command": Parameter(None, "Program and arguments, started in the run folder", owner_only=True),
        "parameters": Parameter(None, "An object that the program finds as parameters in run.json"),
        "minutes": Parameter(None, "Minutes after which it is stopped"),
    },
    command=_command,
    check=_check,
)
