"""Datasets through their HTTP door: import, report, same content, export."""

from __future__ import annotations

import io
import json
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn
from fastapi import APIRouter, FastAPI
from PIL import Image

from relens.access.actor import Actor
from relens.access.asking import Door
from relens.assets import routes as asset_routes
from relens.datasets import routes, store
from relens.datasets.bring_in import Importing
from relens.infra.database import Database
from relens.infra.jobs import Jobs
from relens.infra.jobs import routes as job_routes
from relens.infra.jobs.routes import Names
from relens.infra.settings import Settings
from relens.infra.storage import Storage
from relens.infra.storage.folder import Folder
from relens.infra.web import Parts
from relens.server.app import make_app


class Server:
    """The datasets room behind HTTP, with jobs that run."""

    routers: tuple[APIRouter, ...] = (routes.router, asset_routes.router, job_routes.router)

    def __init__(self, home: Path, database: Database) -> None:
        self.settings = Settings(home)
        self.database = database
        self.storage = Folder(home / "files")
        self.jobs = Jobs(database)
        self.importing = Importing(database, self.storage, self.settings)
        self.importing.register(self.jobs)
        self.door = Door(database, self.settings)
        self.parts = Parts(self.settings, database, self.jobs, self.importing, self.door)
        self.parts.add(self.door, Names)
        self.parts.add(self.storage, Storage)
        app = make_app(self.routers, self.parts, self._life)
        self.started = threading.Event()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.uvicorn = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False))
        self.thread = threading.Thread(target=self.uvicorn.run, args=([self.listening],))
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.listening.getsockname()[1]}", timeout=60)

    def __enter__(self) -> Server:
        self.thread.start()
        self.started.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.uvicorn.should_exit = True
        self.thread.join()
        self.listening.close()

    @asynccontextmanager
    async def _life(self, _app: FastAPI) -> Any:
        self.jobs.start()
        self.started.set()
        yield
        self.jobs.stop()

    def owner(self) -> Actor:
        return self.door.owner()

    def import_zip(self, name: str, data: bytes, **query: Any) -> dict[str, Any]:
        answer = self.client.post(f"/api/v1/datasets/{name}/import", content=data, params=query)
        assert answer.status_code == 202, answer.text
        return self.finished(answer.json()["id"])

    def finished(self, job_id: str) -> dict[str, Any]:
        while self.jobs.get(job_id).is_open:
            self.jobs._wake["light"].set()
        job: dict[str, Any] = self.client.get(f"/api/v1/jobs/{job_id}").json()
        return job

    def get(self, path: str, **query: Any) -> Any:
        answer = self.client.get(f"/api/v1{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def server(tmp_path: Path, database: Database) -> Iterator[Server]:
    with Server(tmp_path / "home", database) as made:
        yield made


def picture(seed: int, width: int = 64, height: int = 48, suffix: str = "PNG") -> bytes:
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)).resize((width, height))
    written = io.BytesIO()
    small.save(written, suffix)
    return written.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return written.getvalue()


def coco(count: int = 12, change: Callable[[dict[str, Any]], None] | None = None, **files: bytes) -> dict[str, bytes]:
    """A small detection set with one box in each image."""
    images = [{"id": n, "file_name": f"{n:02}.png", "width": 64, "height": 48} for n in range(1, count + 1)]
    annotations = [
        {"id": n, "image_id": n, "category_id": 1 + n % 2, "bbox": [n, 2, 20, 30], "area": 600, "iscrowd": 0}
        for n in range(1, count + 1)
    ]
    categories = [{"id": 2, "name": "nut"}, {"id": 1, "name": "bolt"}]
    document: dict[str, Any] = {"images": images, "annotations": annotations, "categories": categories}
    if change:
        change(document)
    written = {"annotations.json": json.dumps(document, indent=1).encode()}
    return written | {f"images/{n:02}.png": picture(n) for n in range(1, count + 1)} | files


def test_an_uploaded_set_becomes_a_version(server: Server) -> None:
    job = server.import_zip("parts", zipped(coco()))
    assert job["state"] == "succeeded", job
    assert job["result"]["images"] == 12
    assert job["result"]["created"] is True
    assert job["result"]["report"] == []
    version = server.get("/dataset-versions/parts/1")
    assert version["id"] == job["result"]["dataset_version"]
    assert version["labels"] == ["bolt", "nut"]
    assert version["task"] == "detection"
    assert sum(version["images"].values()) == 12
    assert version["images"]["validation"] > 0
    assert sum(version["statistics"]["nut"].values()) == 6
    assert server.get("/datasets")["items"][0]["latest"]["number"] == 1
    assert server.get("/dataset-versions/parts/latest")["title"] == "parts v1"


def test_nothing_is_left_on_the_disk_but_the_images(server: Server) -> None:
    server.import_zip("parts", zipped(coco()))
    assert not list(server.importing.spool("x").parent.iterdir())
    assert len(list(server.storage.keys("assets/"))) == 12


def test_the_same_content_is_the_same_version_and_other_content_the_next(server: Server) -> None:
    first = server.import_zip("parts", zipped(coco()))["result"]

    def turned(document: dict[str, Any]) -> None:
        document["images"].reverse()
        document["annotations"].reverse()

    again = server.import_zip("parts", zipped({f"wrapped/{k}": v for k, v in coco(12, turned).items()}))["result"]
    assert again["dataset_version"] == first["dataset_version"]
    assert again["created"] is False

    def moved(document: dict[str, Any]) -> None:
        document["annotations"][0]["bbox"][0] += 1

    other = server.import_zip("parts", zipped(coco(12, moved)))["result"]
    assert other["number"] == 2
    assert len(server.get("/datasets/parts/versions")["items"]) == 2


def spoil(document: dict[str, Any]) -> None:
    boxes = document["annotations"]
    boxes[0]["bbox"] = [64, 2, 30, 30]
    boxes[1]["bbox"] = [30, 20, -10, 5]
    boxes[2]["bbox"] = [float("nan"), 1, 2, 2]
    boxes[3]["category_id"] = 9
    boxes[4]["id"] = 6
    document["images"][6]["width"] = 65
    document["images"][7]["file_name"] = "../../etc/passwd"
    document["images"][8]["file_name"] = "gone.png"
    document["images"][9]["split"] = "somewhere"


BAD = coco(14, spoil, **{"images/12.png": picture(12)[:200], "images/14.png": picture(13)})


def test_everything_wrong_is_reported_line_by_line_and_nothing_imported(server: Server) -> None:
    job = server.import_zip("parts", zipped(BAD))
    assert job["state"] == "failed"
    assert "nothing was imported" in job["error"]
    lines = BAD["annotations.json"].decode().splitlines()
    report = {entry["problem"]: entry for entry in job["result"]["report"]}
    said = " | ".join(report)
    for words in (
        "a box of 'nut' (64, 2, 94, 32) lies outside the image of 64 x 48",
        "is empty or reversed",
        "not finite",
        "category 9",
        "annotation id 6 is used twice",
        "for 65 x 48 pixels, but the image has 64 x 48",
        "leaves its folder",
        "there is no such file",
        "the split 'somewhere' is not known",
        "ends too early or is damaged",
        "the same bytes as '13.png'",
    ):
        assert words in said, words
    reversed_box = next(entry for text, entry in report.items() if "reversed" in text)
    assert '"id": 2' in lines[reversed_box["line"]]
    assert job["result"]["problems"] == 11
    assert server.get("/datasets")["items"] == []
    assert list(server.storage.keys("assets/")) == []


def test_the_good_rest_is_imported_when_asked(server: Server) -> None:
    job = server.import_zip("parts", zipped(BAD), skip_bad=True)
    assert job["state"] == "succeeded", job["error"]
    assert job["result"]["images"] == 3
    assert job["result"]["skipped"] == 11
    names = {item["file_name"] for item in server.get("/dataset-versions/parts/1/items")["items"]}
    assert names == {"05.png", "11.png", "13.png"}


def test_boxes_that_reach_over_the_edge_are_cut_there_and_the_report_says_so(server: Server) -> None:
    """As augmentation and rounding leave them; only what has nothing inside is wrong."""

    def over(document: dict[str, Any]) -> None:
        boxes = document["annotations"]
        boxes[0]["bbox"] = [-6, 2, 26, 30]
        boxes[1]["bbox"] = [50, 30, 30, 30]
        boxes[2]["bbox"] = [44, 2, 20.7, 30]

    job = server.import_zip("parts", zipped(coco(12, over)))
    assert job["state"] == "succeeded", job
    assert (job["result"]["images"], job["result"]["problems"]) == (12, 0)
    (said,) = [note for note in job["result"]["notes"] if "over the edge" in note]
    lines = coco(12, over)["annotations.json"].decode().splitlines()
    second, first = (next(at for at, line in enumerate(lines) if f'"id": {n},' in line and at > 60) for n in (2, 1))
    assert said == (
        "2 of 12 shapes, in 2 images, reach over the edge and are cut there (by up to 16 pixels): "
        f"02.png (line {second}), 01.png (line {first})."
    )
    items = {item["file_name"]: item for item in server.get("/dataset-versions/parts/1/items")["items"]}
    assert items["01.png"]["annotations"][0]["box"] == [0, 2, 20, 32]
    assert items["02.png"]["annotations"][0]["box"] == [50, 30, 64, 48]
    assert items["03.png"]["annotations"][0]["box"] == [44, 2, 64.7, 32]
    assert said in server.get("/dataset-versions/parts/1")["note"]


def test_annotations_of_another_size_of_the_images_are_suspected(server: Server) -> None:
    """Nothing but the places of the boxes gives them away where the set does not say how large its images are."""

    def doubled(document: dict[str, Any]) -> None:
        for image, one in zip(document["images"], document["annotations"], strict=True):
            del image["width"], image["height"]
            one["bbox"] = [2 * value for value in one["bbox"]]

    job = server.import_zip("parts", zipped(coco(12, doubled)))
    assert job["state"] == "succeeded", job
    assert any("another size of the images" in note for note in job["result"]["notes"])


def test_an_outline_that_encloses_nothing_is_refused_and_left_out_when_asked(server: Server) -> None:
    def outlined(document: dict[str, Any]) -> None:
        for one in document["annotations"]:
            x, y, width, height = one.pop("bbox")
            one["segmentation"] = [[x, y, x + width, y, x + width, y + height]]
        document["annotations"][0]["segmentation"] = [[2, 2, 9, 9, 5, 5]]
        document["annotations"][1]["segmentation"] = [[50, 10, 80, 10, 80, 30, 50, 30]]

    data = zipped(coco(12, outlined))
    refused = server.import_zip("outlines", data)
    assert refused["state"] == "failed"
    (entry,) = refused["result"]["report"]
    assert entry["problem"].startswith("an outline of 'nut' encloses nothing")
    assert entry["line"] is not None
    job = server.import_zip("outlines", data, skip_bad=True)
    assert (job["result"]["images"], job["result"]["skipped"]) == (11, 1)
    items = {item["file_name"]: item for item in server.get("/dataset-versions/outlines/1/items")["items"]}
    assert items["02.png"]["annotations"][0]["box"] == [50, 10, 64, 30]


def test_a_detection_sets_box_stands_where_its_outline_encloses_nothing(server: Server) -> None:
    def degenerate(document: dict[str, Any]) -> None:
        document["annotations"][0]["segmentation"] = [[1, 2, 21, 32, 11, 17]]

    job = server.import_zip("parts", zipped(coco(12, degenerate)))
    assert job["state"] == "succeeded", job
    items = {item["file_name"]: item for item in server.get("/dataset-versions/parts/1/items")["items"]}
    assert items["01.png"]["annotations"][0]["box"] == [1, 2, 21, 32]
    assert items["01.png"]["annotations"][0]["polygon"] is None


def deep(values: np.ndarray) -> bytes:
    written = io.BytesIO()
    Image.fromarray(values.astype(np.uint16)).save(written, "PNG")
    return written.getvalue()


def test_images_of_12_bits_in_16_are_named_because_they_are_read_nearly_black(server: Server) -> None:
    ramp = np.arange(48 * 64).reshape(48, 64)
    files = {"images/03.png": deep(ramp + 1023), "images/04.png": deep(ramp * 16)}
    files["images/05.png"] = deep(4095 - ramp)
    job = server.import_zip("parts", zipped(coco(12, **files)))
    assert job["state"] == "succeeded", job
    (said,) = [note for note in job["result"]["notes"] if "16 bits" in note]
    assert said.startswith("2 images have 16 bits of grey and use at most 12 of them")
    assert said.endswith("multiply the values by 16 before they are imported or sent: 03.png, 05.png.")


def apart(document: dict[str, Any]) -> None:
    for image, split in zip(document["images"], ["train"] * 4 + ["holdout"] * 3 + ["Production"] * 5, strict=True):
        image["split"] = split


def test_images_set_apart_as_production_are_left_out_and_counted(server: Server) -> None:
    job = server.import_zip("parts", zipped(coco(12, apart)))
    assert job["state"] == "succeeded", job
    assert (job["result"]["images"], job["result"]["report"]) == (7, [])
    assert job["result"]["notes"][0].startswith("5 images are set apart as production")
    assert server.get("/dataset-versions/parts/1")["images"]["test"] == 3


def test_images_set_apart_as_production_become_the_split_that_was_asked_for(server: Server) -> None:
    job = server.import_zip("parts", zipped(coco(12, apart)), production="train")
    assert job["result"]["images"] == 12
    assert "imported as train" in job["result"]["notes"][0]
    version = server.get("/dataset-versions/parts/1")
    assert version["images"]["test"] == 3
    assert version["images"]["train"] + version["images"]["validation"] == 9
    refused = server.client.post("/api/v1/datasets/parts/import?production=somewhere", content=b"x")
    assert refused.status_code == 422


def test_problems_of_one_kind_are_one_line_with_a_count(server: Server) -> None:
    def spoilt(document: dict[str, Any]) -> None:
        for image in document["images"]:
            image["split"] = "somewhere"
        document["annotations"][0]["bbox"] = [30, 20, -10, 5]

    job = server.import_zip("parts", zipped(coco(12, spoilt)))
    first, second = job["result"]["kinds"]
    assert (first["count"], len(first["examples"])) == (11, 3)
    assert first["problem"].startswith("the split 'somewhere' is not known")
    assert (second["count"], second["examples"][0]["problem"]) == (1, second["problem"])
    assert len(job["result"]["report"]) == job["result"]["problems"] == 12


def test_an_archive_cannot_write_outside_its_folder(server: Server, tmp_path: Path) -> None:
    files = coco() | {"../../../evil.txt": b"x", "/absolute.txt": b"x"}
    job = server.import_zip("parts", zipped(files))
    assert job["state"] == "failed"
    assert {entry["file"] for entry in job["result"]["report"]} == {"../../../evil.txt", "/absolute.txt"}
    assert not list(tmp_path.rglob("evil.txt"))


def test_an_archive_of_endless_zeros_is_refused(server: Server) -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.png", b"\0" * (64 << 20))
    job = server.import_zip("parts", written.getvalue())
    assert job["state"] == "failed"
    assert "unpacks to more than" in job["error"]


@pytest.mark.parametrize("data", [b"no zip at all", zipped({"readme.txt": b"hello"}), zipped({})])
def test_an_upload_without_a_dataset_says_so(server: Server, data: bytes) -> None:
    job = server.import_zip("parts", data)
    assert job["state"] == "failed"
    assert job["error"]


def test_an_empty_body_an_unknown_format_and_a_bad_name_are_refused_at_once(server: Server) -> None:
    post = server.client.post
    assert post("/api/v1/datasets/parts/import", content=b"").status_code in (400, 422)
    assert post("/api/v1/datasets/parts/import?format=voc9", content=b"x").status_code == 404
    assert post("/api/v1/datasets/%20%2E%2E/import", content=b"x").status_code in (400, 404, 422)
    assert not list(server.importing.spool("x").parent.glob("*"))


@pytest.mark.parametrize("layout", ["folder", "coco"])
def test_what_is_exported_and_imported_again_has_the_same_content(server: Server, layout: str) -> None:
    files = {f"{label}/{n}.png": picture(hash_of(label) + n) for label in ("grün", "red") for n in range(6)}
    first = server.import_zip("waste", zipped(files))
    assert first["state"] == "succeeded", first
    exported = server.client.get("/api/v1/dataset-versions/waste/1/export", params={"format": layout})
    assert exported.headers["content-type"] == "application/zip"
    again = server.import_zip("waste again", exported.content)
    one, other = server.get("/dataset-versions/waste/1"), server.get("/dataset-versions/waste again/1")
    assert one["content_hash"] == other["content_hash"]
    assert again["result"]["report"] == []


def hash_of(label: str) -> int:
    return sum(label.encode()) * 100


def test_items_are_paged_and_filtered(server: Server) -> None:
    server.import_zip("parts", zipped(coco()))
    seen: list[str] = []
    cursor = None
    while True:
        page = server.get("/dataset-versions/parts/1/items", limit=5, **({"cursor": cursor} if cursor else {}))
        seen += [item["file_name"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [f"{n:02}.png" for n in range(1, 13)]
    nuts = server.get("/dataset-versions/parts/1/items", label="nut")["items"]
    assert {item["annotations"][0]["label"] for item in nuts} == {"nut"}
    assert len(nuts) == 6
    tests = server.get("/dataset-versions/parts/1/items", split="test")["items"]
    assert {item["split"] for item in tests} <= {"test"}
    image = server.client.get(f"/api/v1/assets/{nuts[0]['asset']}")
    assert image.status_code == 200


def test_near_duplicates_never_straddle_splits(server: Server) -> None:
    """Each picture comes three times, saved a little differently."""
    files: dict[str, bytes] = {}
    for n in range(10):
        for quality in (80, 90, 95):
            written = io.BytesIO()
            Image.open(io.BytesIO(picture(n, 320, 240))).convert("RGB").save(written, "JPEG", quality=quality)
            files[f"thing/{n}-{quality}.jpg"] = written.getvalue()
    assert server.import_zip("near", zipped(files))["state"] == "succeeded"
    with server.database.read() as connection:
        items = store.items(connection, store.find(connection, "near/1").id)
    splits: dict[str, set[str]] = {}
    for item in items:
        splits.setdefault(item.group, set()).add(item.split)
    assert len(splits) == 10
    assert all(len(found) == 1 for found in splits.values())


def test_a_dataset_keeps_its_task(server: Server) -> None:
    server.import_zip("parts", zipped(coco()))
    job = server.import_zip("parts", zipped({f"a/{n}.png": picture(n) for n in range(3)}))
    assert job["state"] == "failed"
    assert "is for detection" in job["error"]


def test_a_version_that_is_not_there_is_not_found(server: Server) -> None:
    for ref in ("parts/1", "parts/latest", "parts", "parts/²", "parts/99999999999999999999"):
        assert server.client.get(f"/api/v1/dataset-versions/{ref}").status_code == 404


def test_a_set_without_test_images_says_what_that_means(server: Server) -> None:
    def learned(document: dict[str, Any]) -> None:
        for image, split in zip(document["images"], ["train"] * 9 + ["val"] * 3, strict=True):
            image["split"] = split

    job = server.import_zip("parts", zipped(coco(12, learned)))
    assert server.get("/dataset-versions/parts/1")["images"].get("test", 0) == 0
    assert any(note.startswith("None of its images is for test") for note in job["result"]["notes"])
