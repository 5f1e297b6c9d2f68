"""The PACS nodes that an admin listed: whom we ask, and who may send."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from sqlalchemy.orm import Session

from limner.errors import InputError
from limner.io.dicom_node import Node, check_ae_title
from limner.serve.house import House
from limner.serve.tables import Setting

SETTING = "pacs-nodes"
MOST = 50


class PacsNode(BaseModel):
    """One DICOM application of the house."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=40, description="What people call it.")
    ae_title: str = Field(min_length=1, max_length=16, description="What DICOM calls it.")
    host: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9.:_-]+$")]
    port: int = Field(ge=1, le=65535)
    sends: bool = Field(True, description="It may send to our DICOM port.")
    answers: bool = Field(True, description="It may be searched.")
    receives: bool = Field(False, description="Readers may send drawings and signed reports to it.")

    @field_validator("ae_title")
    @classmethod
    def _title(cls, value: str) -> str:
        try:
            check_ae_title(value)
        except InputError as error:
            raise ValueError(str(error)) from None
        return value.strip()

    @property
    def node(self) -> Node:
        """As ``limner.io`` wants it told."""
        return Node(self.ae_title, self.host, self.port)


class PacsNodes(BaseModel):
    """All of them."""

    items: list[PacsNode] = Field(max_length=MOST)

    @model_validator(mode="after")
    def _distinct(self) -> PacsNodes:
        names = [one.name for one in self.items]
        if len(set(names)) != len(names):
            raise ValueError("Two nodes have the same name; each needs its own.")
        return self


def list_nodes(house: House) -> list[PacsNode]:
    """The nodes in the order in which they were listed."""
    with house.database.reading() as db:
        kept = db.get(Setting, SETTING)
    return PacsNodes.model_validate(kept.value).items if kept else []


def find_node(house: House, name: str) -> PacsNode:
    """A node that may be searched.

    Raises:
        InputError: there is none of that name; says which there are.
    """
    nodes = {one.name: one for one in list_nodes(house) if one.answers}
    if name not in nodes:
        raise InputError(f"There is no PACS node {name!r}; there are {', '.join(map(repr, nodes)) or 'none yet'}.")
    return nodes[name]


def find_receiver(house: House, name: str) -> PacsNode:
    """A node to which readers may send.

    Raises:
        InputError: there is none of that name; says which there are.
    """
    nodes = {one.name: one for one in list_nodes(house) if one.receives}
    if name not in nodes:
        there = ", ".join(map(repr, nodes)) or "none yet: an admin lists them"
        raise InputError(f"There is no PACS node {name!r} to send to; there are {there}.")
    return nodes[name]


def keep_nodes(db: Session, nodes: PacsNodes) -> None:
    """Puts these in place of those before."""
    kept = db.get(Setting, SETTING)
    if kept is None:
        db.add(Setting(name=SETTING, value=nodes.model_dump(mode="json")))
    else:
        kept.value = nodes.model_dump(mode="json")
