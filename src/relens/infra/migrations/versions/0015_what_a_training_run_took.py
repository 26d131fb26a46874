"""A training run knows what it used, what it ran with, and which run it repeats."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("training_run", sa.Column("used", sa.JSON(), nullable=True))
    op.add_column("training_run", sa.Column("environment", sa.JSON(), nullable=True))
    op.add_column("training_run", sa.Column("repeats", sa.String(length=36), nullable=True))
