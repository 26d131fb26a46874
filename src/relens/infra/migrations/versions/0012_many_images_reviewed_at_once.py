"""Which reviews were made of many images at once: they can be undone, and none of them is a look at the image."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "bulk_review",
        sa.Column("prediction", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("job", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("prediction", "revision"),
    )
    op.create_index("bulk_review_by_job", "bulk_review", ["job", "prediction"], unique=False)
