"""What every table is declared on."""

from sqlalchemy import BigInteger, Column, MetaData, String, Table

metadata = MetaData()

# Numbers that grow in commit order: the row stays locked until commit, so a later number is never visible before an earlier one.
counter = Table(
    "counter", metadata, Column("name", String(40), primary_key=True), Column("value", BigInteger, nullable=False)
)
