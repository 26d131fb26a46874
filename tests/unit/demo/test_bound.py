"""What the loop's last version is measured by."""

from relens.demo.bound import kept_for_testing


def test_images_to_validate_on_and_near_duplicates_are_not_called_kept_for_testing() -> None:
    before = {"images": {"train": 83, "validation": 15, "test": 47}}
    after = {"images": {"train": 128, "validation": 15, "test": 64}}
    assert kept_for_testing(before, after) == 17
