"""Evaluates COCO files with faster-coco-eval, in an environment of its own: `DATASET.json SAID.json`; prints the seconds it took and the twelve numbers."""

import contextlib
import io
import json
import sys
import time

import faster_coco_eval as peer  # type: ignore[import-not-found]

with open(sys.argv[1], encoding="utf-8") as file:
    dataset = json.load(file)
with open(sys.argv[2], encoding="utf-8") as file:
    said = json.load(file)
with contextlib.redirect_stdout(io.StringIO()):
    started = time.perf_counter()
    truth = peer.COCO(dataset)
    evaluation = peer.COCOeval_faster(truth, truth.loadRes(said), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    seconds = time.perf_counter() - started
print(json.dumps({"seconds": seconds, "stats": [float(one) for one in evaluation.stats[:12]]}))
