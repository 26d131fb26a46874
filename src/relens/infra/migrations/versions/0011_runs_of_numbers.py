"""The numbers of writers are kept as runs, so that a report of what is missing does not read all of them; their index goes."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "writer_run",
        sa.Column("deployment", sa.String(length=36), nullable=False),
        sa.Column("writer", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("deployment", "writer", "source", "first_seq"),
        sqlite_with_rowid=False,
    )
    op.get_bind().execute(sa.text(_RUNS))
    op.drop_index("prediction_by_writer", table_name="prediction")


# Numbers of one run stand as far from 0 as from the beginning of their order. A number may have come twice.
_RUNS = """
INSERT INTO writer_run (deployment, writer, source, first_seq, last_seq, since, until)
SELECT deployment, writer, source, min(seq), max(seq),
       min(CASE WHEN seq = first THEN taken_at END), max(CASE WHEN seq = last THEN taken_at END)
FROM (
    SELECT one.*, min(seq) OVER island AS first, max(seq) OVER island AS last
    FROM (
        SELECT deployment, writer, coalesce(source, '') AS source, writer_seq AS seq, taken_at,
               writer_seq - dense_rank() OVER (PARTITION BY deployment, writer, coalesce(source, '') ORDER BY writer_seq) AS run
        FROM prediction
        WHERE writer_seq IS NOT NULL AND writer IS NOT NULL
          AND log_seq IN (SELECT log_seq FROM signal)
    ) AS one
    WINDOW island AS (PARTITION BY deployment, writer, source, run)
) AS numbered
GROUP BY deployment, writer, source, run
"""
