"""A line of the history of roles says whether a rollback made it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("role_history", sa.Column("went_back", sa.Boolean(), server_default=sa.false(), nullable=False))
    # Until now only their reasons told them apart.
    lines = sa.table("role_history", sa.column("reason", sa.Text()), sa.column("went_back", sa.Boolean()))
    told = lines.c.reason.like("rolled back%") | lines.c.reason.like("taken back by its guard%")
    op.execute(lines.update().where(told).values(went_back=sa.true()))
