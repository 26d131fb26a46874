"""Every format of the past: it knows its own files and no others, reads the same thing in the same order, and says what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from relens.kit.errors import Invalid
from relens.sdk.past.found import FORMATS, Options, format_of, moment

EXAMPLES = {
    "coco": {
        "results.json": json.dumps([{"image_id": 1, "category_id": 7, "bbox": [1, 2, 3, 4], "score": 0.5}]),
        "images.json": json.dumps({"images": [{"id": 1, "width": 9, "height": 9, "date_captured": "2025-01-01 01:00:00"}], "categories": [{"id": 7, "name": "nut"}]}),
    },
    "jsonl": {"past.jsonl": json.dumps({"width": 9, "height": 9, "taken_at": "2025-01-01 01:00:00", "detections": [{"label": "nut", "confidence": 0.5, "box": [1, 2, 4, 6]}]})},
    "table": {"past.csv": "image,label,confidence,x1,y1,x2,y2,time\na.jpg,nut,0.5,1,2,4,6,2025-01-01 01:00:00\n"},
}  # fmt: skip


@pytest.fixture(params=FORMATS.names())
def example(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    for file, text in EXAMPLES[request.param].items():
        (tmp_path / file).write_text(text)
    return request.param, tmp_path / next(iter(EXAMPLES[request.param]))


def test_a_format_is_known_by_its_files(example: tuple[str, Path]) -> None:
    name, path = example
    assert [other for other in FORMATS.names() if FORMATS.get(other).fits(path)] == [name]
    assert format_of(path).title == FORMATS.get(name).title


def test_it_reads_the_same_prediction_each_time(example: tuple[str, Path]) -> None:
    name, path = example
    (first,), (second,) = (list(FORMATS.get(name).read(path, Options("mine"))) for _ in range(2))
    assert first == second
    assert first.problem is None
    assert first.item["detections"] == [{"label": "nut", "confidence": 0.5, "box": [1, 2, 4, 6]}]
    assert first.item["taken_at"] == "2025-01-01T01:00:00+00:00"
    assert first.item["client_id"].startswith("mine:")


def test_other_names_make_other_client_ids(example: tuple[str, Path]) -> None:
    name, path = example
    ids = {next(FORMATS.get(name).read(path, Options(called))).item["client_id"] for called in ("one", "two")}
    assert len(ids) == 2


def test_a_file_cut_short_is_a_sentence_or_a_problem_and_no_other_error(example: tuple[str, Path]) -> None:
    name, path = example
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        try:
            found = list(FORMATS.get(name).read(path, Options("mine")))
        except Invalid:
            continue
        assert all(one.problem or one.item["client_id"] for one in found)


def test_times_are_texts_of_a_zone_or_numbers() -> None:
    from zoneinfo import ZoneInfo

    berlin = ZoneInfo("Europe/Berlin")
    assert moment("2025-07-01 12:00", berlin) == "2025-07-01T12:00:00+02:00"
    assert moment("2025-07-01T12:00:00Z", berlin) == "2025-07-01T12:00:00+00:00"
    assert moment(1735689600, berlin) == moment("1735689600000", berlin) == "2025-01-01T00:00:00+00:00"
    assert moment("", berlin) is None
    with pytest.raises(Invalid, match="not a time"):
        moment("noon", berlin)
    with pytest.raises(Invalid, match="not a time"):
        moment(1e300, berlin)
