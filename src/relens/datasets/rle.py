"""COCO's compressed run lengths: six bits to a character, each run written as its difference from the one before the last."""

from relens.vision.shapes import BadShape


def decode(text: str) -> tuple[int, ...]:
    """The runs, column by column, starting with zeros (the format of pycocotools' `rleFrString`). Raises BadShape."""
    runs: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64 or shift > 60:
            raise BadShape(f"the compressed mask has the character {character!r} where none may stand")
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits & 0x20:
            continue
        if bits & 0x10:
            value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
        value = shift = 0
    if shift:
        raise BadShape("the compressed mask ends in the middle of a run")
    return tuple(runs)


def encode(runs: tuple[int, ...]) -> str:
    """The text that `decode` reads."""
    return "".join(_written(run - runs[place - 2] if place > 2 else run) for place, run in enumerate(runs))


def _written(value: int) -> str:
    characters = []
    while True:
        bits = value & 0x1F
        value >>= 5
        done = value == (-1 if bits & 0x10 else 0)
        characters.append(chr((bits if done else bits | 0x20) + 48))
        if done:
            return "".join(characters)
