"""Datasets: bring a folder in, look at versions, take one out."""

from collections.abc import Iterator, Mapping, Sequence
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
        task: str | None = None,
        progress: Progress | None = None,
    ) -> Json:
        """The dataset version made of a COCO, YOLO or Pascal VOC folder or a folder per label; waits until it is there.

        Raises JobFailed when an image or annotation is broken (its `job["result"]["report"]` names every one), unless
        `skip_bad` leaves those out. Images that the dataset sets apart as production are left out and counted in the notes, or
        become the split `production` names. `task`: "detection" reads outlines as the boxes around them.
        """
        with zipped(Path(folder)) as archive:
            job = self.send_zip(archive, name, format=format, skip_bad=skip_bad, production=production, task=task)
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
        task: str | None = None,
    ) -> Json:
        """The import job of a zip file; does not wait."""
        asked = {"format": format, "skip_bad": skip_bad} | ({"production": production} if production else {})
        asked |= {"task": task} if task else {}
        headers = {"Content-Type": "application/zip", "Content-Length": str(archive.stat().st_size)}
        return dict(
            self._transport.call(
                "POST", f"datasets/{_part(name)}/import", params=asked, body=lambda: chunks(archive), headers=headers
            )
        )

    def relabel(
        self,
        name: str,
        rules: Sequence[Mapping[str, Any]] = (),
        *,
        add: Sequence[str] = (),
        preview: bool = False,
        progress: Progress | None = None,
    ) -> Json:
        """The next version with other labels: `{"label": "scratch", "to": "deep scratch"}` renames, several rules with one `to` merge, a
        `to` of None drops, `"where": {"area_below": 400}` (or `area_from`, `sources`, `assets`) takes a part; `add` are new labels.

        `preview=True` says what it would do and changes nothing.
        """
        return self._change(name, "labels", {"rules": list(rules), "add": list(add)}, preview, progress)

    def reviewed(self, name: str) -> Iterator[Json]:
        """The versions that reviews made since the last import, with what they did and whose they were."""
        return self._transport.items(f"datasets/{_part(name)}/reviews")

    def undo(
        self,
        name: str,
        *,
        versions: Sequence[int] = (),
        people: Sequence[str] = (),
        preview: bool = False,
        progress: Progress | None = None,
    ) -> Json:
        """The next version without what reviews did in these versions (by number), or those of these people (by id). See `reviewed`."""
        return self._change(name, "undo", {"versions": list(versions), "people": list(people)}, preview, progress)

    def diff(self, reference: str, against: str | None = None) -> Json:
        """What came, went and changed since the version `against` (the one before), counted by split and label."""
        asked = {"against": against} if against else {}
        return dict(self._transport.call("GET", f"dataset-versions/{_part(reference)}/diff", params=asked))

    def differences(self, reference: str, kind: str, against: str | None = None) -> Iterator[Json]:
        """The images that were "added", "removed" or "changed", each as it was and as it is."""
        asked: dict[str, Any] = {"kind": kind, "against": against, "limit": 200}
        return self._transport.items(f"dataset-versions/{_part(reference)}/diff/images", asked)

    def archive(self, name: str, archived: bool = True) -> Json:
        """Takes a dataset out of the lists, or brings it back; what rests on it stays."""
        body = {"archived": archived}
        return dict(self._transport.call("PUT", f"datasets/{_part(name)}/archive", json=body))

    def delete(self, name: str) -> None:
        """Deletes every version; refused, with reasons, while anything rests on it."""
        job = dict(self._transport.call("DELETE", f"datasets/{_part(name)}", params={"confirm": name}))
        self._jobs.wait(job)

    def _change(self, name: str, what: str, wish: Json, preview: bool, progress: Progress | None) -> Json:
        path = f"datasets/{_part(name)}/{what}"
        if preview:
            return dict(self._transport.call("POST", f"{path}/preview", json=wish))
        job = dict(self._transport.call("POST", path, json=wish))
        return self.version(self._jobs.wait(job, progress=progress)["result"]["dataset_version"])

    def export(self, reference: str, to: str | Path, *, format: str = "coco") -> Path:  # noqa: A002
        """Writes a version as one zip file."""
        return self._transport.download(f"dataset-versions/{_part(reference)}/export", Path(to), {"format": format})


def _part(reference: str) -> str:
    return quote(reference, safe="/")
