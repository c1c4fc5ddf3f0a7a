"""What all tables share: metadata with names for constraints, and the columns that occur everywhere."""

from typing import Any, ClassVar

from sqlalchemy import (
    Column,
    DateTime,
    LargeBinary,
    MetaData,
    text,
)
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)


class Table(SQLModel):
    """Base of the tables, with names for all constraints."""

    metadata: ClassVar[MetaData] = metadata


def binary(primary: bool = False, null: bool = False, index: bool = False) -> Any:
    """A column of bytes."""
    return Field(sa_column=Column(LargeBinary, primary_key=primary, nullable=null, index=index))


def instant(null: bool = False) -> Any:
    """A column for an instant; where it may not be null, the database's clock fills it."""
    default = None if null else text("now()")
    return Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=null, server_default=default))
