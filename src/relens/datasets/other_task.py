"""Says why a deployment cannot use a dataset that is for another task, and what to do about it."""

from __future__ import annotations

from relens.vision.task import TASKS


def refusal(deployment: str, task: str, dataset: str, there: str) -> str | None:
    """The sentence for `deployment`, which is for `task`, and `dataset`, which is for `there`; None where they fit."""
    return None if task == there else f"'{deployment}' is for {task}; {dataset} is for {there}: {_way_out(task, there)}"


def _way_out(wanted: str, there: str) -> str:
    # Outlines have boxes, so such a set can be brought in as the other; nothing else can.
    if (wanted, there) == ("detection", "segmentation"):
        return (
            "it has outlines, and boxes are wanted; import the set once more, under another name and as detection "
            "(--task detection), then choose that one"
        )
    return f"import one with {TASKS.get(wanted).wanted}, then choose that one"
