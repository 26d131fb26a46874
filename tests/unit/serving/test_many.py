"""How far many images are is shown with each of them."""

from relens.serving.many import _shown


class Run:
    """A run that keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int | None, str]] = []

    def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        self.told.append((done, total, message))


def test_progress_is_shown_from_the_first_image_on_and_goes_on_where_it_was() -> None:
    run, lines = Run(), [{"number": 100}, {"number": 101, "problem": "no image"}, {"number": 102}]
    assert list(_shown(run, lines, 100, 400, 0)) == lines  # type: ignore[arg-type]
    bad = "1 could not be answered"
    assert run.told == [(100, 400, ""), (101, 400, ""), (102, 400, bad), (103, 400, bad)]
