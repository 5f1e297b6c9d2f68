"""PACS nodes, and looking for studies there; what is found is fetched by a job (``pacs-get``)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from limner.errors import InputError
from limner.io.dicom_node import Calling
from limner.serve import audit
from limner.serve.house import AHouse, House
from limner.serve.nodes import PacsNode, PacsNodes, find_node, keep_nodes, list_nodes
from limner.serve.routes.studies import Patient, person_name
from limner.serve.safety.access import Admin, Reader, ReaderWrites

if TYPE_CHECKING:
    from limner.io.dicom_query import FoundStudy, StudyQuery

router = APIRouter(prefix="/api/pacs", tags=["PACS"])

MOST = 200
ANSWER_S = 20.0


class NodeTold(BaseModel):
    """A node. Only an admin is told its address, and whether it may send to us."""

    name: str
    ae_title: str | None = None
    host: str | None = None
    port: int | None = None
    sends: bool | None = None
    answers: bool | None = None
    receives: bool | None = None


class NodesTold(BaseModel):
    """The nodes."""

    items: list[NodeTold]
    total: int


class PacsSearch(BaseModel):
    """What is looked for; a POST, so that no name stands in an address. ``*`` and ``?`` are wildcards."""

    node: str | None = Field(None, max_length=40, description="All that can be searched if not given.")
    patient_name: str = Field("", max_length=200)
    patient_id: str = Field("", max_length=64)
    accession: str = Field("", max_length=16)
    modality: str = Field("", max_length=16, pattern=r"^[A-Z0-9 _]*$")
    since: date | None = None
    until: date | None = None


class PacsStudy(BaseModel):
    """A study at a node."""

    node: str
    study_uid: str
    patient: Patient
    date: str
    description: str
    accession: str
    modalities: list[str]
    series: int | None
    instances: int | None


class PacsAnswer(BaseModel):
    """What was found. ``more``: a node has more than it was asked to tell; ``problems``: nodes that did not answer."""

    items: list[PacsStudy]
    total: int
    more: bool
    problems: list[str]


class NodeName(BaseModel):
    """A node by its name."""

    node: str = Field(max_length=40)


class Echoed(BaseModel):
    """Whether a node is there."""

    seconds: float


@router.get("/nodes", summary="PACS nodes")
def get_nodes(actor: Reader, house: AHouse) -> NodesTold:
    """The names of those that can be searched or sent to; for an admin all, with their addresses."""
    nodes = list_nodes(house)
    if actor.role != "admin":
        names = [
            NodeTold(name=one.name, answers=one.answers, receives=one.receives)
            for one in nodes
            if one.answers or one.receives
        ]
        return NodesTold(items=names, total=len(names))
    return _whole(nodes)


@router.put("/nodes", summary="List the PACS nodes")
def put_nodes(nodes: PacsNodes, actor: Admin, house: AHouse) -> NodesTold:
    """In place of those before."""
    with house.database.session() as db:
        keep_nodes(db, nodes)
        audit.append(db, actor.user_id, "pacs.nodes", nodes=[one.ae_title for one in nodes.items])
    return _whole(nodes.items)


@router.post("/echo", summary="Ask whether a node is there")
def echo_node(asked: NodeName, actor: Admin, house: AHouse) -> Echoed:
    """C-ECHO."""
    from limner.io.dicom_net import echo  # pynetdicom loads when a node is asked, not when the server starts

    del actor
    node = next((one for one in list_nodes(house) if one.name == asked.node), None)
    if node is None:
        raise HTTPException(404, "There is no such node.")
    return Echoed(seconds=echo(node.node, _calling(house)))


@router.post("/search", summary="Look for studies at PACS nodes")
def search(wanted: PacsSearch, actor: ReaderWrites, house: AHouse) -> PacsAnswer:
    """C-FIND. At least a name, an id, an accession number or a date must be given."""
    from limner.io.dicom_net import StudyQuery

    if not any((wanted.patient_name, wanted.patient_id, wanted.accession, wanted.since, wanted.until)):
        raise HTTPException(400, "Give a name, an id, an accession number or a date: a PACS is not listed whole.")
    nodes = [find_node(house, wanted.node)] if wanted.node else [one for one in list_nodes(house) if one.answers]
    with house.database.session() as db:
        audit.append(db, actor.user_id, "pacs.search", nodes=[one.ae_title for one in nodes])
    query = StudyQuery(**wanted.model_dump(exclude={"node"}))
    answer = PacsAnswer(items=[], total=0, more=False, problems=[])
    with ThreadPoolExecutor(max(1, len(nodes))) as pool:
        for node, found in zip(nodes, pool.map(lambda one: _ask(house, one, query), nodes), strict=True):
            if isinstance(found, str):
                answer.problems.append(found)
                continue
            answer.items += [_told(node, one) for one in found[0]]
            answer.more |= found[1]
    answer.items.sort(key=lambda one: (one.date, one.study_uid), reverse=True)
    answer.total = len(answer.items)
    return answer


def _whole(nodes: list[PacsNode]) -> NodesTold:
    return NodesTold(items=[NodeTold(**one.model_dump()) for one in nodes], total=len(nodes))


def _ask(house: House, node: PacsNode, query: StudyQuery) -> tuple[list[FoundStudy], bool] | str:
    from limner.io.dicom_net import find_studies

    try:
        return find_studies(node.node, query, _calling(house), most=MOST)
    except InputError:
        return f"{node.name} does not answer, or refuses; an admin can check its address and titles."


def _calling(house: House) -> Calling:
    return Calling(house.settings.ae_title, answer_s=ANSWER_S)


def _told(node: PacsNode, found: FoundStudy) -> PacsStudy:
    name = person_name(found.patient_name)
    return PacsStudy(
        node=node.name,
        study_uid=found.uid,
        patient=Patient(name=name, id=found.patient_id, birth_date=found.birth_date, sex=found.sex),
        date=found.date,
        description=found.description,
        accession=found.accession,
        modalities=list(found.modalities),
        series=found.series,
        instances=found.instances,
    )
