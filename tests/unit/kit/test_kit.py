"""Ids, times and catalogs keep their promises."""

from __future__ import annotations

import sys
import types
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relens.kit import clock, ids, problem
from relens.kit.catalog import Catalog
from relens.kit.errors import Invalid, MissingPackage, NotFound


def test_ids_made_one_after_another_sort_in_that_order() -> None:
    made = [ids.new_id() for _ in range(5000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_ids_made_by_many_threads_are_all_different() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: ids.new_id(), range(4000)))
    assert len(set(made)) == len(made)


def test_an_id_is_a_version_7_uuid() -> None:
    assert ids.is_id(ids.new_id())
    assert ids.new_id()[14] == "7"
    assert not ids.is_id("line-1")


@given(st.text(), st.text())
def test_a_share_depends_on_the_key_alone_and_lies_in_0_to_1(key: str, salt: str) -> None:
    assert ids.share_of(key, salt) == ids.share_of(key, salt)
    assert 0 <= ids.share_of(key, salt) < 1


def test_shares_of_many_keys_fill_the_interval_evenly() -> None:
    below = sum(ids.share_of(f"image {n}") < 0.2 for n in range(20_000))
    assert abs(below - 4000) < 300


@given(st.integers(0, 250_000_000_000 * clock.SECOND))
def test_a_time_written_and_read_is_the_same(instant: int) -> None:
    assert clock.from_text(clock.to_text(instant)) == instant


def test_a_time_with_an_offset_is_the_same_instant() -> None:
    assert clock.from_text("2026-11-22T20:00:00+02:00") == clock.from_text("2026-11-22T18:00:00Z")


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-11-22T18:00:00", "2026-13-01T00:00:00Z", "1960-01-01T00:00:00Z"]
)
def test_what_is_no_time_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(Invalid, match=r"2026|zone|1970"):
        clock.from_text(text)


@pytest.fixture
def folder_of_plugins(tmp_path, monkeypatch):  # type: ignore[no-untyped-def]
    (tmp_path / "plugs").mkdir()
    (tmp_path / "plugs" / "__init__.py").write_text("")
    (tmp_path / "plugs" / "plain.py").write_text("PLUG = 'plain it is'\n")
    (tmp_path / "plugs" / "needy.py").write_text("import a_library_nobody_has\nPLUG = 1\n")
    (tmp_path / "plugs" / "_private.py").write_text("PLUG = 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield Catalog[str]("plug", "plugs", "PLUG", extra="all")
    for name in [name for name in sys.modules if name.startswith("plugs")]:
        del sys.modules[name]


def test_a_file_in_the_folder_is_a_plugin_under_its_own_name(folder_of_plugins: Catalog[str]) -> None:
    assert folder_of_plugins.names() == ("needy", "plain")
    assert folder_of_plugins.get("plain") == "plain it is"


def test_a_missing_library_is_said_with_the_command_that_helps(folder_of_plugins: Catalog[str]) -> None:
    with pytest.raises(
        MissingPackage, match=r"plug 'needy' needs the package 'a_library_nobody_has': pip install 'relens\[all\]'"
    ):
        folder_of_plugins.get("needy")


def test_an_unknown_plugin_is_refused_with_those_there_are(folder_of_plugins: Catalog[str]) -> None:
    assert isinstance(sys.modules[__name__], types.ModuleType)
    with pytest.raises(NotFound, match="choose one of needy, plain"):
        folder_of_plugins.get("other")


@pytest.mark.parametrize(
    ("kind", "title", "address"),
    [
        ("NotAModel", "Not a model", "urn:relens:problem:not-a-model"),
        ("NotAnImage", "Not an image", "urn:relens:problem:not-an-image"),
        ("NoRoom", "No room", "urn:relens:problem:no-room"),
    ],
)
def test_an_error_is_named_in_words(kind: str, title: str, address: str) -> None:
    assert (problem.title(kind), problem.address(kind)) == (title, address)
