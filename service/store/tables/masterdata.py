"""Master data."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from service.store.tables.base import Table, binary, instant


def _term(primary: bool = True) -> Any:
    return Field(sa_column=Column(BigInteger, primary_key=primary, autoincrement=False, nullable=False))


class VocabularyElement(Table, table=True):
    """Master data (EPCIS 2.0, 6.5): an element of a vocabulary as one party told it last.

    `id` is canonical, `term` its hash (`service.epcis.query.terms.hashed`). `attributes` and `children` as sent.
    """

    __tablename__ = "vocabulary_elements"
    __table_args__ = (Index("ix_vocabulary_elements_vocabulary_id", "vocabulary", "id"),)
    owner: bytes = binary(primary=True)
    vocabulary: str = Field(primary_key=True)
    term: int = _term()
    id: str
    attributes: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    children: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    told_at: datetime = instant()


class VocabularyChild(Table, table=True):
    """Master data: one element (the hash of its id) lies directly below another, as one party told it."""

    __tablename__ = "vocabulary_children"
    __table_args__ = (Index("ix_vocabulary_children_parent", "parent", "vocabulary", "child", "owner"),)
    owner: bytes = binary(primary=True)
    vocabulary: str = Field(primary_key=True)
    parent: int = _term()
    child: int = _term()


class VocabularyAttribute(Table, table=True):
    """Master data: an attribute of an element that queries compare; element, name and value as hashes."""

    __tablename__ = "vocabulary_attributes"
    __table_args__ = (Index("ix_vocabulary_attributes_attribute_value", "attribute", "value"),)
    owner: bytes = binary(primary=True)
    vocabulary: str = Field(primary_key=True)
    element: int = _term()
    attribute: int = _term()
    value: int = _term()
