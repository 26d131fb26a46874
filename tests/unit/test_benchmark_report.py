"""What a benchmark prints can be read by every JSON parser."""

import json

from benchmarks._report import as_line


def test_a_number_that_nobody_knows_is_null_in_a_report() -> None:
    found = json.loads(as_line({"bias": {"map50": float("nan"), "f1": 0.5}, "runs": (1, float("inf"))}))
    assert found == {"bias": {"map50": None, "f1": 0.5}, "runs": [1, None]}
