"""The trainers, one file each: TRAINER says what it can train, which parameters it takes and how it is started."""

from relens.kit.catalog import Catalog
from relens.training.trainer import Trainer

TRAINERS: Catalog[Trainer] = Catalog("trainer", __name__, "TRAINER")
