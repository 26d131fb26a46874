"""Random checks know what left unseen, what came twice, what a shadow said otherwise, and which traffic had no chance at all."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("queue_cohort", sa.Column("floor", sa.Float(), server_default="0", nullable=False))
    op.add_column("queue_item", sa.Column("twin", sa.String(length=36), nullable=True))
    op.add_column("queue_item", sa.Column("disagreement", sa.Float(), nullable=True))
    op.add_column("queue_item", sa.Column("against", sa.String(length=36), nullable=True))
    op.add_column("queue_scale", sa.Column("sampler", sa.String(length=100), nullable=True))
    op.add_column("queue_scale", sa.Column("ranked_seq", sa.BigInteger(), nullable=True))
    for name, columns, filled in (
        ("queue_by_twin", ["deployment", "twin"], "twin IS NOT NULL"),
        ("queue_by_disagreement", ["deployment", "against", "disagreement"], "disagreement IS NOT NULL"),
    ):
        some = sa.text(filled)
        op.create_index(name, "queue_item", columns, sqlite_where=some, postgresql_where=some)
    op.create_table(
        "queue_unseen",
        sa.Column("deployment", sa.String(length=36), nullable=False),
        sa.Column("hour", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("model_version", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("images", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("deployment", "hour", "source", "model_version", "role"),
    )
    op.create_table(
        "reviewed_label",
        sa.Column("deployment", sa.String(length=36), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("images", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("deployment", "label"),
    )
    _raise_taus()


def _raise_taus() -> None:
    """Images that had left unseen were counted as drawn: tau of their cohort comes to lie above them again."""
    connection = op.get_bind()
    item = (
        "FROM queue_item i LEFT JOIN verdict v ON v.prediction = i.prediction WHERE NOT i.open AND v.prediction IS NULL"
    )
    cohorts = connection.execute(
        sa.text("SELECT deployment, first_seq, tau FROM queue_cohort ORDER BY deployment, first_seq DESC")
    ).all()
    following: dict[str, int] = {}
    for deployment, first, tau in cohorts:
        end = following.get(deployment, 2**62)
        following[deployment] = first
        where = {"d": deployment, "first": first, "end": end}
        highest = connection.execute(
            sa.text(f"SELECT max(i.chance) {item} AND i.deployment = :d AND i.log_seq >= :first AND i.log_seq < :end"),
            where,
        ).scalar()
        if highest is not None:
            raised = None if tau is None else max(tau, highest)
            connection.execute(
                sa.text(
                    "UPDATE queue_cohort SET tau = :tau, floor = :floor WHERE deployment = :d AND first_seq = :first"
                ),
                {**where, "tau": raised, "floor": highest},
            )
