"""A dataset version may hold what an earlier one held; which verdict entered which version is kept for good; a run knows what it froze."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    _versions_without_unique_content()
    op.add_column("feedback_member", sa.Column("verdict", sa.BigInteger(), nullable=True))
    op.add_column("feedback_cursor", sa.Column("version", sa.String(length=36), nullable=True))
    op.add_column("loop_run", sa.Column("frozen", sa.JSON(none_as_null=True), nullable=True))
    op.drop_index("feedback_by_version", "feedback_member")
    op.create_index("feedback_by_asset", "feedback_member", ["dataset", "asset"])
    op.create_table(
        "feedback_entry",
        sa.Column("version", sa.String(length=36), nullable=False),
        sa.Column("asset", sa.String(length=64), nullable=False),
        sa.Column("deployment", sa.String(length=36), nullable=False),
        sa.Column("prediction", sa.String(length=36), nullable=False),
        sa.Column("verdict", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("version", "asset"),
    )
    op.create_index("feedback_entry_by_verdict", "feedback_entry", ["verdict"])
    _entries()
    _settings()


def _versions_without_unique_content() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("dataset_version_dataset_content_hash_key", "dataset_version")
    else:
        # SQLite cannot drop a constraint: the table, which is small, is made anew.
        op.create_table(
            "dataset_version_next",
            sa.Column("id", sa.String(length=36), nullable=False),
            sa.Column("dataset", sa.String(length=36), nullable=False),
            sa.Column("number", sa.Integer(), nullable=False),
            sa.Column("content_hash", sa.String(length=64), nullable=False),
            sa.Column("task", sa.String(length=40), nullable=False),
            sa.Column("labels", sa.JSON(), nullable=False),
            sa.Column("parent", sa.String(length=36), nullable=True),
            sa.Column("origin", sa.String(length=20), nullable=False),
            sa.Column("note", sa.Text(), nullable=False),
            sa.Column("images", sa.JSON(), nullable=False),
            sa.Column("statistics", sa.JSON(), nullable=False),
            sa.Column("created_at", sa.BigInteger(), nullable=False),
            sa.Column("created_by", sa.String(length=36), nullable=False),
            sa.ForeignKeyConstraint(["dataset"], ["dataset.id"]),
            sa.PrimaryKeyConstraint("id"),
            sa.UniqueConstraint("dataset", "number"),
        )
        columns = (
            "id, dataset, number, content_hash, task, labels, parent, origin, note, images, statistics, created_at, "
            "created_by"
        )
        op.execute(f"INSERT INTO dataset_version_next ({columns}) SELECT {columns} FROM dataset_version")
        op.drop_table("dataset_version")
        op.rename_table("dataset_version_next", "dataset_version")
    op.create_index("dataset_version_by_content", "dataset_version", ["content_hash"])


def _entries() -> None:
    """What can still be known: the last verdict on the image before it was followed."""
    op.execute(
        "UPDATE feedback_member SET verdict = (SELECT max(h.seq) FROM verdict_history h "
        "WHERE h.prediction = feedback_member.prediction AND h.seq <= feedback_member.seq)"
    )
    op.execute(
        "INSERT INTO feedback_entry (version, asset, deployment, prediction, verdict, change) "
        "SELECT version, asset, min(deployment), min(prediction), min(verdict), 'added' FROM feedback_member "
        "WHERE version IS NOT NULL AND verdict IS NOT NULL GROUP BY version, asset"
    )


def _settings() -> None:
    """A share of random checks, no longer of all reviews, half of which are random checks; and a schedule counts from now."""
    connection = op.get_bind()
    policy = sa.table(
        "loop_policy",
        sa.column("deployment", sa.String()),
        sa.column("test_share", sa.Float()),
        sa.column("training_rules", sa.JSON()),
    )
    for deployment, share, rules in connection.execute(sa.select(policy)).all():
        values = {
            "test_share": min(0.5, 2 * share),
            "training_rules": {"since": time.time_ns() // 1000} | dict(rules),
        }
        connection.execute(policy.update().where(policy.c.deployment == deployment).values(**values))
