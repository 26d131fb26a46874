"""Datasets: bring a folder in, look at versions, take one out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from relens.sdk.archive import chunks, zipped
from relens.sdk.jobs import Jobs, Json, Progress
from relens.sdk.transport import Transport


class Datasets:
    def __init__(self, transport: Transport, jobs: Jobs) -> None:
        self._transport = transport
        self._jobs = jobs

    def list(self) -> Iterator[Json]:
        return self._transport.items("datasets")

    def versions(self, name: str) -> Iterator[Json]:
        return self._transport.items(f"datasets/{_part(name)}/versions")

    def version(self, reference: str) -> Json:
        """A version by id, or as "name/2" or "name/latest"."""
        return dict(self._transport.call("GET", f"dataset-versions/{_part(reference)}"))

    def items(self, reference: str, *, split: str | None = None, label: str | None = None) -> Iterator[Json]:
        """Every image of a version with its annotations."""
        asked: dict[str, Any] = {"split": split, "label": label, "limit": 200}
        return self._transport.items(f"dataset-versions/{_part(reference)}/items", asked)

    def import_folder(
        self,
        folder: str | Path,
        name: str,
        *,
        format: str = "auto",  # noqa: A002
        skip_bad: bool = False,
        production: str | None = None,
        progress: Progress | None = None,
    ) -> Json:
        """The dataset version made of a COCO, YOLO or Pascal VOC folder or a folder per label; waits until it is there.

        Raises JobFailed when an image or annotation is broken (its `job["result"]["report"]` names every one), unless
        `skip_bad` leaves those out. Images that the dataset sets apart as production are left out and counted in the notes, or
        become the split `production` names.
        """
        with zipped(Path(folder)) as archive:
            job = self.send_zip(archive, name, format=format, skip_bad=skip_bad, production=production)
            done = self._jobs.wait(job, progress=progress)
        version = self.version(done["result"]["dataset_version"])
        return {**version, "import": done["result"]}

    def send_zip(
        self,
        archive: Path,
        name: str,
        *,
        format: str = "auto",  # noqa: A002
        skip_bad: bool = False,
        production: str | None = None,
    ) -> Json:
        """The import job of a zip file; does not wait."""
        asked = {"format": format, "skip_bad": skip_bad} | ({"production": production} if production else {})
        headers = {"Content-Type": "application/zip", "Content-Length": str(archive.stat().st_size)}
        return dict(
            self._transport.call(
                "POST", f"datasets/{_part(name)}/import", params=asked, body=lambda: chunks(archive), headers=headers
            )
        )

    def export(self, reference: str, to: str | Path, *, format: str = "coco") -> Path:  # noqa: A002
        """Writes a version as one zip file."""
        return self._transport.download(f"dataset-versions/{_part(reference)}/export", Path(to), {"format": format})


def _part(reference: str) -> str:
    return quote(reference, safe="/")
