"""Every output reader says which models it understands, and reads them as an independent implementation does.

`RELENS_TEST_PLUGINS=FOLDER` holds the readers of a plug-in folder to the same; their files bring their own `EXAMPLES`.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from relens.inference.examine import examine
from relens.inference.graph import read_graph
from relens.inference.reader import READERS
from relens.testing import readers as contract
from relens.testing import tiny_models
from relens.testing.readers import Example
from tests.contracts.reader_examples import EXAMPLES, arrays, labelled_model

if os.environ.get("RELENS_TEST_PLUGINS"):
    READERS.add_folder(Path(os.environ["RELENS_TEST_PLUGINS"]))
OWN = {name: EXAMPLES.get(name) or getattr(READERS.module(name), "EXAMPLES", []) for name in READERS.names()}
CASES = [(name, example) for name, examples in OWN.items() for example in examples]
WITH_SHAPES = [case for case in CASES if {"detection", "segmentation"} & set(READERS.get(case[0]).tasks)]


@pytest.mark.parametrize("name", READERS.names())
def test_a_reader_says_what_it_is_and_what_it_does_not_understand(name: str) -> None:
    contract.says_what_it_is(name, READERS.get(name))
    assert OWN[name], "a reader needs an example here: a tiny model and outputs read independently"


@pytest.mark.parametrize(("name", "example"), CASES)
@pytest.mark.parametrize("seed", range(4))
def test_it_reads_what_an_independent_implementation_reads(name: str, example: Example, seed: int) -> None:
    outputs, expected = example.outputs(seed)
    contract.reads_as_expected(READERS.get(name), outputs, expected)


@pytest.mark.parametrize(("name", "example"), CASES)
def test_it_is_chosen_for_its_own_models_and_no_other_reader_claims_them(name: str, example: Example) -> None:
    contract.claims_its_own(name, example)


@pytest.mark.parametrize(("name", "example"), WITH_SHAPES)
@pytest.mark.parametrize("seed", range(3))
def test_senseless_numbers_are_left_out_and_break_nothing(name: str, example: Example, seed: int) -> None:
    outputs, _ = example.outputs(seed)
    contract.stays_sound(READERS.get(name), outputs, seed)


def test_an_rt_detr_is_not_taken_for_an_end_to_end_detector() -> None:
    metadata = {"task": "detect", "names": "{0: 'a', 1: 'b'}", "description": "Ultralytics RTDETR-l model"}
    graph = read_graph(tiny_models.constant({"output0": np.zeros((1, 300, 6), np.float32)}, metadata=metadata))
    assert "RT-DETR" in (READERS.get("ultralytics_detect").refusal(graph) or "")


def test_the_spare_column_of_an_rf_detr_is_gone_before_it_is_served() -> None:
    examined = examine(arrays("a", "b", dets=(1, 30, 4), labels=(1, 30, 3)))
    logits = read_graph(examined.onnx).output("labels")
    assert logits is not None
    assert logits.shape == (1, 30, 2)
    assert examined.manifest.labels.names == ("a", "b")


def test_torchvisions_background_is_no_label() -> None:
    from relens.inference.examine import Given

    for labels in (("__background__", "bolt", "nut"), ("bolt", "nut")):
        examined = examine(labelled_model(batch=False), Given(labels=labels))
        assert examined.manifest.labels.names == ("bolt", "nut")
        assert not examined.manifest.input.batch
        assert [len(value.shape) for value in read_graph(examined.onnx).outputs] == [3, 2, 2]
