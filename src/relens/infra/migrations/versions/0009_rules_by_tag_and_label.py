"""Alert rules look at a tag or a label, or at every one by itself, as they do at sources; what was erased says nothing of its image any more."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    for name, length in (("tag", 200), ("label", 200), ("each", 10)):
        op.add_column("alert_rule", sa.Column(name, sa.String(length=length), nullable=True))
    rules = sa.table("alert_rule", sa.column("each"), sa.column("each_source"))
    op.execute(rules.update().where(rules.c.each_source == 1).values(each="source"))
    op.drop_column("alert_rule", "each_source")
    line = sa.table("prediction", sa.column("log_seq"), sa.column("keep_reason"))
    erased = sa.select(line.c.log_seq).where(line.c.keep_reason == "erased")
    signal = sa.table("signal", *(sa.column(name) for name in ("log_seq", "outlier", "confidence", "count")))
    left = {"outlier": None, "confidence": 0.0, "count": -1}
    op.execute(signal.update().where(signal.c.log_seq.in_(erased)).values(**left))
