"""What strangers send: every answer is a refusal with a sentence, nothing is left anywhere, and the server goes on, no larger than before."""

from __future__ import annotations

import json
import os
import random
import socket
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import onnx
import pytest
from onnx import TensorProto

from relens.testing.images import DARK, RED, make_jpeg, make_png
from relens.testing.tiny_models import detector
from tests.server_process import Server, running

IMAGE = make_jpeg(DARK, (96, 72), blobs=[((20, 20, 60, 50), RED)])
PREDICT = "/api/v1/deployments/blobs/predict"
MOST_GROWTH_MB = 400
SENT_MB = 200


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "tmp").mkdir()
    with running(folder / "relens", TMPDIR=str(folder / "tmp")) as started:
        sent = started.http.post("/api/v1/models/blobs/versions", files={"file": ("m.onnx", detector())}).json()
        asked = {"name": "blobs", "model_version": sent["id"], "threshold": 0.3}
        assert started.http.post("/api/v1/deployments", json=asked).status_code == 201
        for _ in range(20):
            assert started.http.post(PREDICT, content=IMAGE).status_code == 200
        before = memory_mb(started)
        yield started
        # After all of it: as many predictions as were answered, no file elsewhere, no memory kept, nothing unexpected in the server's log.
        assert started.http.post(PREDICT, content=IMAGE).status_code == 200
        assert {path.name for path in folder.iterdir()} == {"relens", "relens.log", "tmp"}
        # ONNX Runtime puts an id of the session there, by itself and as soon as it is imported.
        assert {path.name for path in (folder / "tmp").iterdir()} <= {".ses"}
        assert list((folder / "relens" / "work" / "tmp").iterdir()) == []
        assert memory_mb(started) - before < MOST_GROWTH_MB
        assert "Traceback" not in started.log.read_text(errors="replace")


def memory_mb(server: Server, which: str = "VmRSS") -> float:
    """What the server's process holds now; as VmHWM, the most it held since `forget_peak`."""
    status = Path(f"/proc/{server.process_id}/status").read_text()
    return int(status.split(f"{which}:")[1].split()[0]) / 1024


def forget_peak(server: Server) -> None:
    Path(f"/proc/{server.process_id}/clear_refs").write_text("5")


def refused(answer: httpx.Response) -> str:
    """What is wrong with an answer that should be a refusal; nothing when it is one."""
    if not 400 <= answer.status_code < 500:
        return f"{answer.status_code}: {answer.text[:200]}"
    if answer.headers["content-type"] != "application/problem+json" or not answer.json().get("detail"):
        return f"no problem document: {answer.text[:200]}"
    return ""


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *between: bytes, rows: bytes = b"") -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(between) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def tiff(width: int, height: int) -> bytes:
    tags = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 8),
        (277, 3, 1),
        (279, 4, 1),
    ]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + b"\0\0\0\0"


def webp(width: int, height: int) -> bytes:
    body = (
        b"WEBPVP8X"
        + struct.pack("<I", 10)
        + b"\0\0\0\0"
        + (width - 1).to_bytes(3, "little")
        + (height - 1).to_bytes(3, "little")
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


IMAGES: dict[str, bytes] = {
    "empty": b"",
    "text": b"hello" * 50,
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 200,
    "HTML": b"<html><script>alert(1)</script></html>",
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file",
    "a PNG of 30,000 x 30,000": png(30_000, 30_000),
    "a PNG of 2^31 pixels": png(2**31 - 1, 2**31 - 1),
    "a PNG without pixels": png(0, 0),
    "a PNG that ends after its head": png(200, 200)[:60],
    "a PNG with text that unpacks to a gigabyte": png(
        64, 64, chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"\0" * (1 << 26)) * 4), rows=b"short"
    ),
    "a TIFF of 60,000 x 60,000": tiff(60_000, 60_000),
    "a TIFF that points to itself": b"II*\0\x08\0\0\0\x01\0" + b"\xff" * 12 + b"\x08\0\0\0",
    "a WebP canvas of 16,384 x 16,384": webp(16_384, 16_384),
    "a BMP of minus one": b"BM" + struct.pack("<IHHIIiiHHIIiiII", 70, 0, 0, 54, 40, -1, -1, 1, 24, 0, 0, 0, 0, 0, 0),
    "a GIF of 65,535 x 65,535": b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\x80\0\0\0\0\0\xff\xff\xff,",
    "a JPEG of 65,535 x 65,535": b"\xff\xd8\xff\xc0\0\x11\x08\xff\xff\xff\xff\x03\x01\x22\0\x02\x11\x01\x03\x11\x01"
    + b"\xff\xd9",
    "a JPEG's first bytes": b"\xff\xd8\xff\xe0",
    "noise after a JPEG's first bytes": b"\xff\xd8\xff" + random.Random(1).randbytes(5000),
    "noise after a WebP's first bytes": b"RIFF\0\0\1\0WEBPVP8 " + random.Random(2).randbytes(5000),
    "noise after a TIFF's first bytes": b"MM\0*" + random.Random(3).randbytes(5000),
    **{f"a JPEG cut at {at}": IMAGE[:at] for at in range(0, len(IMAGE) - 100, 100)},
    **{f"a PNG cut at {at}": make_png(DARK, (40, 30))[:at] for at in range(8, len(make_png(DARK, (40, 30))) - 20, 100)},
}


def test_images_that_are_none_are_refused_with_a_sentence(server: Server) -> None:
    wrong = {name: said for name, data in IMAGES.items() if (said := refused(server.http.post(PREDICT, content=data)))}
    assert not wrong


def test_an_image_larger_than_the_limit_is_refused_before_it_is_read(server: Server) -> None:
    def far_over(head: bytes = b"") -> Iterator[bytes]:
        yield head
        for _ in range(SENT_MB):
            yield b"\xff" * (1 << 20)

    form = {"Content-Type": "multipart/form-data; boundary=x"}
    head = b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
    # At most: what one image may have, or what any other body may, and as much again on its way.
    for most, address, headers, body in (
        (64, PREDICT, {}, far_over()),
        (64, PREDICT, form, far_over(head)),
        (16, "/api/v1/deployments", {}, far_over()),
        (16, "/api/v1/deployments/predict", {}, far_over()),
    ):
        forget_peak(server)
        before = memory_mb(server)
        method = "PATCH" if address.endswith("deployments/predict") else "POST"
        assert server.http.request(method, address, content=body, headers=headers).status_code == 413
        assert memory_mb(server, "VmHWM") - before < 2 * most < SENT_MB, address


def test_what_is_an_image_and_something_else_is_answered_as_an_image_and_served_as_one(server: Server) -> None:
    both = IMAGE + b"<html><script>alert(1)</script>PK\3\4"
    answer = server.http.post(PREDICT, content=both, headers={"Content-Type": "text/html"})
    assert answer.status_code == 200
    served = server.http.get(f"/api/v1/assets/{answer.json()['image']['asset']}")
    assert served.headers["content-type"] == "image/jpeg"
    assert served.headers["x-content-type-options"] == "nosniff"


def test_a_hundred_thousand_frames_are_one_image(server: Server) -> None:
    frame = b",\0\0\0\0\1\0\1\0\0\2\2D\1\0"
    gif = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + frame * 100_000 + b";"
    answer = server.http.post(PREDICT, content=gif)
    assert answer.status_code == 200 or not refused(answer)


FORMS: dict[str, tuple[bytes, str]] = {
    "no boundary": (b"--x\r\n", "multipart/form-data"),
    "an empty form": (b"--x--\r\n", "multipart/form-data; boundary=x"),
    "no end": (
        b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n' + IMAGE,
        "multipart/form-data; boundary=x",
    ),
    "garbage": (random.Random(4).randbytes(3000), "multipart/form-data; boundary=x"),
    "another field": (
        b'--x\r\nContent-Disposition: form-data; name="y"\r\n\r\nz\r\n--x--\r\n',
        "multipart/form-data; boundary=x",
    ),
    "a head of a megabyte": (
        b"--x\r\nA: " + b"b" * (1 << 20) + b"\r\n\r\n\r\n--x--",
        "multipart/form-data; boundary=x",
    ),
    "ten thousand fields": (
        b"".join(b'--x\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nz\r\n' % n for n in range(10_000))
        + b"--x--\r\n",
        "multipart/form-data; boundary=x",
    ),
    "a name that is no text": (
        b'--x\r\nContent-Disposition: form-data; name="\xff\xfe"\r\n\r\n\xff\xfe\r\n--x--\r\n',
        "multipart/form-data; boundary=x",
    ),
}


def test_forms_that_are_none_are_refused(server: Server) -> None:
    addresses = (
        PREDICT,
        "/api/v1/deployments/blobs/predictions",
        "/api/v1/models/m/versions",
        "/api/v1/deployments/blobs/batches",
    )
    wrong = {}
    for address in addresses:
        for name, (body, kind) in FORMS.items():
            answer = server.http.post(address, content=body, headers={"Content-Type": kind})
            if said := refused(answer):
                wrong[f"{address}: {name}"] = said
    assert not wrong


def nested(levels: int) -> bytes:
    return b'{"name": ' + b"[" * levels + b"]" * levels + b"}"


JSONS: dict[str, bytes] = {
    "nothing": b"",
    "half": b'{"name": "a"',
    "deep": nested(200),
    "very deep": nested(100_000),
    "NaN": b'{"name": "a", "model_version": "blobs", "threshold": NaN}',
    "beyond floats": b'{"name": "a", "model_version": "blobs", "threshold": 1e999}',
    "infinity in free values": b'{"name": "a", "model_version": "blobs", "settings": {"x": -Infinity}}',
    "a huge number": b'{"name": "a", "model_version": "blobs", "settings": {"x": 1' + b"0" * 5000 + b"}}",
    "NUL in a name": b'{"name": "a\\u0000b", "model_version": "blobs"}',
    "NUL in free values": b'{"name": "a", "model_version": "blobs", "settings": {"a\\u0000": 1}}',
    "half a character": b'{"name": "a", "model_version": "blobs", "settings": {"a": "\\ud800"}}',
    "no UTF-8": b'{"name": "\xff\xfe", "model_version": "blobs"}',
    "another encoding": '{"name": "a"}'.encode("utf-16"),
    "a list": b"[]",
    "a number": b"1",
    "too large": b'{"name": "' + b"a" * (17 << 20) + b'"}',
    "a name of a million letters": b'{"name": "' + b"a" * (1 << 20) + b'", "model_version": "blobs"}',
    "a path": b'{"name": "../../etc/passwd", "model_version": "blobs"}',
    "twice the same key, the last one wrong": b'{"name": "good", "name": "no good!", "model_version": "blobs"}',
}


def test_json_that_cannot_be_kept_is_refused_everywhere(server: Server) -> None:
    before = len(server.http.get("/api/v1/deployments").json()["items"])
    addresses = (
        ("POST", "/api/v1/deployments"),
        ("PATCH", "/api/v1/deployments/blobs"),
        ("POST", "/api/v1/deployments/blobs/alert-rules"),
        ("POST", "/api/v1/deployments/blobs/predictions"),
    )
    wrong = {}
    for method, address in addresses:
        for name, body in JSONS.items():
            if method == "PATCH" and name in ("twice the same key, the last one wrong",):
                continue
            answer = server.http.request(method, address, content=body, headers={"Content-Type": "application/json"})
            if said := refused(answer):
                wrong[f"{method} {address}: {name}"] = said
    assert not wrong
    assert len(server.http.get("/api/v1/deployments").json()["items"]) == before


FIELDS: dict[str, dict[str, str]] = {
    "NUL in a tag": {"tags": "a\0"},
    "NUL in a source": {"source": "\0"},
    "NUL in a client id": {"client_id": "a\0b"},
    "NUL in the metadata": {"metadata": '{"a": "\\u0000"}'},
    "deep metadata": {"metadata": '{"a":' + "[" * 5000 + "]" * 5000 + "}"},
    "half a character in the metadata": {"metadata": '{"a": "\\udfff"}'},
    "a huge number in the metadata": {"metadata": '{"a": ' + "9" * 4500 + "}"},
    "a long source": {"source": "s" * 201},
    "many tags": {"tags": ",".join(map(str, range(51)))},
    "a time beyond time": {"taken_at": "99999-01-01T00:00:00Z"},
    "a time before time": {"taken_at": "0001-01-01T00:00:00+23:59"},
}


def test_fields_beside_an_image_that_cannot_be_kept_are_refused(server: Server) -> None:
    wrong = {}
    for name, fields in FIELDS.items():
        for way in ({"params": fields}, {"data": fields, "files": {"image": ("a.jpg", IMAGE)}}):
            given: dict[str, Any] = {"content": IMAGE, **way} if "params" in way else dict(way)
            if said := refused(server.http.post(PREDICT, **given)):
                wrong[f"{name}, {next(iter(way))}"] = said
    assert not wrong


def test_odd_addresses_and_queries_find_nothing_and_break_nothing(server: Server) -> None:
    for address in (
        "/api/v1/deployments/%00",
        "/api/v1/deployments/%ff%fe",
        "/api/v1/deployments/..%2f..%2fetc%2fpasswd",
        "/api/v1/assets/..%2f..%2frelens.db",
        "/api/v1/assets/" + "a" * 3000,
        "/api/v1/deployments/blobs/predictions?cursor=%00",
        "/api/v1/deployments/blobs/predictions?cursor=eyJhIjogMX0",
        "/api/v1/deployments/blobs/predictions?cursor=" + "W" * 3000,
        "/api/v1/deployments/blobs/predictions?limit=99999999999999999999999",
        "/api/v1/deployments/blobs/predictions?query=" + "(" * 2000,
        "/api/v1/deployments/blobs/predictions?query=source%20~%20%22" + "*" * 500 + "%22",
        "/api/v1/deployments/blobs/predictions?sort=id;drop%20table",
        "/api/v1/no/such/thing",
    ):
        answer = server.http.get(address)
        assert answer.status_code == 200 or not refused(answer), (
            f"{address[:80]}: {answer.status_code} {answer.text[:200]}"
        )
    for address in ("/%00", "/..%2f..%2fetc%2fpasswd", "/" + "a" * 5000, "/%ff"):
        assert server.http.get(address).status_code in (200, 404, 422)
        assert "root:" not in server.http.get(address).text
    assert server.http.post("/api/v1/no/such/thing").status_code == 404
    wrong_way = server.http.put("/api/v1/deployments")
    assert wrong_way.status_code == 405
    assert refused(wrong_way) == ""
    assert "GET" in wrong_way.headers["allow"]


RAW: dict[str, bytes] = {
    "less than it promised": b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\nabc"
    % PREDICT.encode(),
    "a length of minus one": b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n" % PREDICT.encode(),
    "an endless length": b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %s\r\n\r\n"
    % (PREDICT.encode(), b"9" * 30),
    "two lengths": b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"
    % PREDICT.encode(),
    "chunks that are none": b"POST %s HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n"
    % PREDICT.encode(),
    "a chunk without end": b"POST %s HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFF\r\nab"
    % PREDICT.encode(),
    "a broken host": b"GET /api/v1/deployments HTTP/1.1\r\nHost: [\r\n\r\n",
    "no host": b"GET /api/v1/deployments HTTP/1.1\r\n\r\n",
    "a head of a megabyte": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * (1 << 20) + b"\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" * 20,
    "an unknown method": b"BREW /api/v1/deployments HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "odd traces": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\ntraceparent: 00-\xff\r\ntraceparent: \xfe\r\n\r\n",
    "an actor that is no name": b"GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\nX-Relens-Actor: \xff\x80\xfe\r\n\r\n",
}


def test_what_is_hardly_http_breaks_nothing(server: Server) -> None:
    for name, raw in RAW.items():
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.settimeout(1.0)
            connection.sendall(raw)
            try:
                said = connection.recv(4096)
            except (TimeoutError, ConnectionError):
                said = b""  # it waits for the rest, or hung up
            assert b" 500 " not in said.split(b"\r\n")[0], f"{name}: {said[:300]!r}"
        assert server.http.get("/readyz").status_code == 200, name


def external_data(location: str) -> bytes:
    """A model whose weights lie in a file it names."""
    model = onnx.load_model_from_string(detector())
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
    return bytes(model.SerializeToString())


def test_models_that_are_none_are_refused(server: Server) -> None:
    good = detector()
    models = {
        "empty": b"",
        "text": b"hello" * 100,
        "noise": random.Random(5).randbytes(20_000),
        **{f"cut at {at}": good[:at] for at in range(50, len(good) - 200, max(200, len(good) // 8))},
        "a file outside": external_data("../../../../etc/passwd"),
        "a file by its whole path": external_data("/etc/passwd"),
    }
    before = len(server.http.get("/api/v1/models").json()["items"])
    wrong = {}
    for name, data in models.items():
        answer = server.http.post("/api/v1/models/bad/versions", files={"file": ("m.onnx", data)})
        if said := refused(answer):
            wrong[name] = said
    labels = json.dumps([f"label {n}" for n in range(200_000)])
    answer = server.http.post("/api/v1/models/bad/versions", files={"file": ("m.onnx", good)}, data={"labels": labels})
    if said := refused(answer):
        wrong["more labels than classes"] = said
    assert not wrong
    assert len(server.http.get("/api/v1/models").json()["items"]) == before


def test_datasets_that_are_none_end_with_a_sentence(server: Server) -> None:
    for name, data in {"empty": b"", "text": b"hello", "a zip's first bytes": b"PK\3\4" + os.urandom(500)}.items():
        answer = server.http.post("/api/v1/datasets/bad/import", content=data)
        if answer.status_code == 202:
            job = server.job(answer.json()["id"])
            assert (job["state"], bool(job["error"])) == ("failed", True), name
        else:
            assert not refused(answer), name
