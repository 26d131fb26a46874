"""A small world that goes round in seconds: one bright blob per image, a champion that mixes up its labels, and a trainer that knows better."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic

from playwright.sync_api import Page, expect

from relens.testing.images import BLUE, GREEN, RED, make_jpeg
from relens.testing.tiny_models import COLOURS, detector
from tests.server_process import Server

TONES = {"red": RED, "green": GREEN, "blue": BLUE}
SIZE = (96, 64)
WRONG = (1, 2, 0)


@dataclass(frozen=True)
class Scene:
    """One image, its only label and its box (x1, y1, x2, y2)."""

    name: str
    data: bytes
    label: str
    box: tuple[float, float, float, float]


def scene(number: int) -> Scene:
    label = COLOURS[number % 3]
    x, y = 8 + number * 7 % 50, 6 + number * 5 % 30
    box = (float(x), float(y), float(x + 24), float(y + 20))
    return Scene(f"scene-{number}.jpg", make_jpeg(size=SIZE, seed=number, blobs=[(box, TONES[label])]), label, box)


def coco_zip(splits: dict[str, int]) -> bytes:
    """A COCO dataset with so many scenes in each split."""
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for split, count in splits.items():
            for _ in range(count):
                number = len(images)
                made = scene(1000 + number)
                packed.writestr(f"images/{made.name}", made.data)
                x1, y1, x2, y2 = made.box
                images.append(
                    {"id": number, "file_name": made.name, "width": SIZE[0], "height": SIZE[1], "split": split}
                )
                annotations.append(
                    {
                        "id": number,
                        "image_id": number,
                        "category_id": COLOURS.index(made.label),
                        "bbox": [x1, y1, x2 - x1, y2 - y1],
                    }
                )
        categories = [{"id": i, "name": name} for i, name in enumerate(COLOURS)]
        packed.writestr(
            "annotations.json", json.dumps({"images": images, "annotations": annotations, "categories": categories})
        )
    return file.getvalue()


def trainer_command(folder: Path) -> str:
    """A program for the `command` trainer that hands over a version with the labels set right."""
    right, program = folder / "right.onnx", folder / "train.py"
    right.write_bytes(detector(note="trained"))
    program.write_text(
        "import pathlib, shutil\n"
        "pathlib.Path('out').mkdir(exist_ok=True)\n"
        f"shutil.copyfile({str(right)!r}, 'out/model.onnx')\n"
    )
    return f"{sys.executable} {program}"


def until(what: Callable[[], bool], within_s: float = 15) -> None:
    """Asks again and again; the page's own requests do not wait for it."""
    deadline, pause = monotonic() + within_s, Event()
    while not what():
        assert monotonic() < deadline, "it did not happen in time"
        pause.wait(0.05)


class Walker:
    """Hands on the pages: what a person does in several presses, by the names a person reads."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.server = server

    def open(self, path: str) -> None:
        self.page.goto(path)

    def press(self, name: str, role: str = "button") -> None:
        self.page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]

    def import_dataset(self, name: str, splits: dict[str, int]) -> None:
        self.open("/datasets")
        self.page.get_by_label("Zip file to import").set_input_files(
            {"name": f"{name}.zip", "mimeType": "application/zip", "buffer": coco_zip(splits)}
        )
        self.press("Import")
        expect(self.page.get_by_role("link", name=f"{name} v1")).to_be_visible()

    def register(self, name: str, onnx: bytes) -> None:
        self.open("/models")
        self.press("Register a model")
        self.page.get_by_label("ONNX file").set_input_files(
            {"name": "model.onnx", "mimeType": "application/octet-stream", "buffer": onnx}
        )
        self.page.get_by_label("Name").fill(name)
        self.press("Register")
        expect(self.page.get_by_role("heading", name=f"{name} v1")).to_be_visible()

    def deploy(self, threshold: str) -> None:
        self.press("Deploy")
        self.page.get_by_role("dialog").get_by_role("spinbutton", name="Confidence threshold").fill(threshold)
        self.page.get_by_role("dialog").get_by_role("button", name="Deploy").click()
        expect(self.page.get_by_role("banner").get_by_text("Live", exact=True)).to_be_visible()

    def send(self, deployment: str, numbers: range, source: str = "line-1") -> list[str]:
        """Images from code, as a camera would; their ids."""
        return [
            self.server.http.post(
                f"/api/v1/deployments/{deployment}/predict",
                content=scene(n).data,
                params={"source": source, "client_id": scene(n).name},
            )
            .raise_for_status()
            .json()["id"]
            for n in numbers
        ]

    def review_of(self, prediction: str) -> str:
        state: str = self.server.http.get(f"/api/v1/predictions/{prediction}").json()["review"]
        return state
