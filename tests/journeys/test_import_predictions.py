"""Production of the past is looked at, imported and continued, from every form it may be in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relens.testing.images import make_jpeg
from tests.journeys.test_cli import fine, relens
from tests.journeys.test_predict import deploy
from tests.server_process import Server, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("home") / "relens") as started:
        deploy(started, "colours")
        yield started


def make(server: Server, name: str) -> str:
    """One more deployment of the same version."""
    server.http.post(
        "/api/v1/deployments", json={"name": name, "model_version": "colours/latest", "threshold": 0.3}
    ).raise_for_status()
    return name


def lines(server: Server, deployment: str) -> list[dict[str, Any]]:
    asked = {"limit": 200, "sort": "taken_at"}
    page = server.http.get(f"/api/v1/deployments/{deployment}/predictions", params=asked).raise_for_status().json()
    found: list[dict[str, Any]] = page["items"]
    return found


def test_json_lines_are_looked_at_first_then_imported_once_and_continued(server: Server, tmp_path: Path) -> None:
    name, file = make(server, "past-lines"), tmp_path / "past.jsonl"
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(make_jpeg((200, 20 * number, 20), seed=number))
    written = [
        {
            "image": f"{number}.jpg",
            "taken_at": f"2025-03-0{number + 1} 10:00:00",
            "detections": [{"index": 0, "confidence": 0.8}],
        }
        for number in range(3)
    ]
    theirs = {
        "predictions": [{"class": "violet", "confidence": 0.9}],
        "image": {"width": 9, "height": 9},
        "taken_at": 1741687200,
    }
    bad = {"image": "9.jpg", "taken_at": "2025-03-01T00:00:00Z", "detections": []}
    file.write_text("\n".join(json.dumps(one) for one in [*written, theirs, bad]) + "\nno json\n")
    seen = relens(server, "import-predictions", name, str(file), "--zone", "Europe/Berlin")
    assert seen.returncode == 0
    assert "4 predictions would be imported" in seen.stdout
    assert "2 have problems, taken 2025-03-01T09:00:00" in seen.stdout
    assert "violet (1)" in seen.stdout
    assert "past.jsonl:5: its image" in seen.stderr
    assert "past.jsonl:6: it is not JSON" in seen.stderr
    assert lines(server, name) == []
    stopped = relens(server, "import-predictions", name, str(file), "--go")
    assert stopped.returncode == 1
    assert "--skip-bad" in stopped.stderr
    assert lines(server, name) == []
    said = fine(relens(server, "import-predictions", name, str(file), "--go", "--skip-bad", "--zone", "Europe/Berlin"))
    assert "4 predictions imported" in said
    there = lines(server, name)
    assert [line["taken_at"][:19] for line in there] == [
        "2025-03-01T09:00:00", "2025-03-02T09:00:00", "2025-03-03T09:00:00", "2025-03-11T10:00:00",
    ]  # fmt: skip
    assert [line["detections"][0]["label"] for line in there] == ["red", "red", "red", "violet"]
    assert there[0]["model_version"] is None, "nobody said who answered then"
    assert server.http.get(f"/api/v1/assets/{there[0]['asset']}").content == (tmp_path / "0.jpg").read_bytes()
    with file.open("a") as more:
        more.write(json.dumps({**written[0], "taken_at": "2025-03-05T00:00:00Z"}) + "\n")
    again = fine(relens(server, "import-predictions", name, str(file), "--go", "--skip-bad"))
    assert "1 predictions imported into past-lines, 4 are there already" in again
    assert len(lines(server, name)) == 5


def test_a_table_with_images_is_one_prediction_to_an_image(server: Server, tmp_path: Path) -> None:
    name, file = make(server, "past-table"), tmp_path / "past.csv"
    (tmp_path / "pictures").mkdir()
    for image in ("a", "b"):
        (tmp_path / "pictures" / f"{image}.jpg").write_bytes(make_jpeg(size=(100, 80)))
    file.write_text(
        "Filename,class,score,xmin,ymin,xmax,ymax,timestamp,camera,shift\n"
        "a.jpg,red,0.9,1,2,30,40,2025-01-01T00:00:00Z,line-1,night\n"
        "a.jpg,blue,0.4,50,2,70,40,2025-01-01T00:00:00Z,line-1,night\n"
        "b.jpg,,,,,,,2025-01-01T00:00:05Z,line-2,\n"
        "a.jpg,red,much,,,,,2025-01-01T00:00:09Z,line-2,\n"
    )
    seen = relens(
        server,
        "import-predictions",
        name,
        str(file),
        "--images",
        str(tmp_path / "pictures"),
        "--go",
        "--skip-bad",
        "--json",
    )
    report = json.loads(fine(seen))
    assert (report["fresh"], report["known"], report["imported"]) == (2, 0, True)
    assert report["problems"] == [["past.csv:5", "the confidence in line 5 is a number, not 'much'"]]
    first, second = lines(server, name)
    assert [d["box"] for d in first["detections"]] == [[1, 2, 30, 40], [50, 2, 70, 40]]
    assert (first["source"], first["metadata"], second["detections"]) == ("line-1", {"shift": "night"}, [])


def test_coco_results_find_their_images_and_their_names(server: Server, tmp_path: Path) -> None:
    name, folder = make(server, "past-coco"), tmp_path / "camera-7"
    (folder / "images").mkdir(parents=True)
    for number in (1, 2):
        (folder / "images" / f"{number}.jpg").write_bytes(make_jpeg(size=(100, 80)))
    images = [
        {"id": n, "file_name": f"{n}.jpg", "date_captured": f"2025-01-0{n} 12:00:00", "source": "line-1"}
        for n in (1, 2, 3)
    ]
    described = {"images": images, "categories": [{"id": 7, "name": "red"}]}
    (folder / "images.json").write_text(json.dumps(described))
    results = [
        {"image_id": 1, "category_id": 7, "bbox": [10, 20, 30, 40], "score": 0.9},
        {"image_id": 1, "category_id": 7, "bbox": [0, 0, 5, 5], "score": 0.2},
        {"image_id": 2, "category_id": 8, "bbox": [0, 0, 5, 5], "score": 0.2},
        {"image_id": 9, "category_id": 7, "bbox": [0, 0, 5, 5], "score": 0.2},
    ]
    (folder / "results.json").write_text(json.dumps(results))
    done = relens(server, "import-predictions", name, str(folder), "--go", "--skip-bad")
    assert "1 predictions imported" in fine(done)
    for problem in (
        "result 3: its image_id 9",
        "image 2: result 2: its category_id 8 has no name",
        "image 3: its image",
    ):
        assert problem in done.stderr
    (line,) = lines(server, name)
    assert [d["box"] for d in line["detections"]] == [[10, 20, 40, 60], [0, 0, 5, 5]]
    assert (line["client_id"], line["source"]) == ("camera-7:1", "line-1")


def test_what_is_in_no_known_form_is_refused_with_the_forms_there_are(server: Server, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    done = relens(server, "import-predictions", "colours", str(tmp_path / "notes.txt"))
    assert done.returncode == 1
    assert "JSON lines" in done.stderr
    assert "COCO" in done.stderr


def test_what_was_imported_is_exported_as_a_file_by_its_ending(server: Server, tmp_path: Path) -> None:
    name, file = make(server, "past-out"), tmp_path / "past.jsonl"
    line = {
        "width": 9,
        "height": 9,
        "taken_at": "2025-03-01T00:00:00Z",
        "detections": [{"label": "red", "confidence": 0.8}],
    }
    file.write_text("\n".join(json.dumps({**line, "source": f"line-{number}"}) for number in range(3)))
    fine(relens(server, "import-predictions", name, str(file), "--go"))
    out = tmp_path / "out.jsonl"
    fine(relens(server, "export", name, str(out), "--query", 'source != "line-1"'))
    assert [json.loads(text)["source"] for text in out.read_text().splitlines()] == ["line-0", "line-2"]
    assert relens(server, "export", name, str(tmp_path / "out.xyz")).returncode == 1
    refused = relens(server, "export", name, str(tmp_path / "no" / "out.jsonl"))
    assert (refused.returncode, "cannot write" in refused.stderr) == (1, True)
    assert not list(tmp_path.glob("*.part"))
