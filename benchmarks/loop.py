"""Once round the loop: seconds per stage, from an empty folder to a version that was retrained, judged and swapped in.

The stages are those of `relens demo --headless`; the images of the built-in stream are simulated. `--data FOLDER` plays another set.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from relens.demo.options import Options
from relens.demo.run import playing
from relens.demo.show import Plain


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON line last")
    parser.add_argument("--data", type=Path, help="a COCO folder instead of the built-in stream")
    parser.add_argument("--epochs", type=int, help="a training budget in epochs instead of minutes")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    show = Plain()
    options = Options(data=arguments.data, epochs=arguments.epochs, seed=arguments.seed, headless=True)
    with playing(options, show) as (outcome, stream, _server):
        found = {
            "benchmark": "loop",
            "cores": os.cpu_count(),
            "data": stream.title,
            "stages_s": show.seconds,
            "first_promotion_s": outcome.first_promotion_s,
            **outcome.to_json(),
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
