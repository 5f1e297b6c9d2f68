"""Planning live: ways to a target of a drawing, a moved needle, a moved cut. The desk answers; this is its door.

What is planned here is not kept: a job of the kind ``plan`` makes the plan that is.
"""

from __future__ import annotations

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from limner.serve.house import AHouse, House
from limner.serve.routes.plan_forms import CutAsked, CutTold, Line, Opened, Path, PlannerState
from limner.serve.rules import site_rules
from limner.serve.safety.access import Actor, Planner, find_result
from limner.serve.tables import Series

router = APIRouter(prefix="/api/results/{result_id}/planner", tags=["plans"])
QUICK_S, SLOW_S = 30.0, 60.0


@router.post("", summary="Open the planner on a target, or ask how far it is")
def open_planner(result_id: str, asked: Opened, actor: Planner, house: AHouse) -> PlannerState:
    """Begins the search where nobody asked before; answers at once with what stands."""
    return PlannerState.model_validate(_ask(house, actor, result_id, "state", asked, limit_s=SLOW_S))


@router.post("/score", summary="Judge a needle")
def score(result_id: str, asked: Line, actor: Planner, house: AHouse) -> Path:
    """All clearances with their intervals, and every rule that it breaks."""
    line = [list(asked.entry_mm), list(asked.target_mm)]
    stream = _stream(actor, asked.stream)
    told = _ask(house, actor, result_id, "score", asked, instead_of=stream, line_mm=line, probe=asked.probe)
    return Path.model_validate(told)


@router.post("/cut", summary="Judge a cut through the liver")
def cut(result_id: str, asked: CutAsked, actor: Planner, house: AHouse) -> CutTold:
    """Margin, remnant, vessels that are divided, and liver that loses its flow."""
    stream = _stream(actor, asked.stream)
    made = asked.cut.model_dump()
    told = _ask(house, actor, result_id, "cut", asked, instead_of=stream, cut=made, surface=asked.surface)
    plain = {key: base64.b64encode(one).decode() if isinstance(one, bytes) else one for key, one in told.items()}
    return CutTold.model_validate(plain)


@router.get(
    "/skin.glb",
    summary="The skin, coloured by why entries are refused",
    response_class=Response,
    responses={200: {"content": {"model/gltf-binary": {}}, "description": "GLB; the attribute _CODE is the reason."}},
)
def skin(
    result_id: str, actor: Planner, house: AHouse, target: Annotated[str | None, Query(max_length=80)] = None
) -> Response:
    """A closed surface; codes are those of the legend, 0 is open, 255 was not asked."""
    told = _ask(house, actor, result_id, "skin", Opened(target=target), limit_s=SLOW_S)
    return Response(told["glb"], media_type="model/gltf-binary", headers={"Cache-Control": "no-store"})


def _ask(
    house: House, actor: Actor, result_id: str, verb: str, asked: Opened,
    *, limit_s: float = QUICK_S, instead_of: str | None = None, **arguments: Any,
) -> Any:  # fmt: skip
    """Asks the desk about a drawing that the actor may see, under the site's rules."""
    with house.database.reading() as db:
        result = find_result(db, actor, result_id, "drawing")
        rules = site_rules(db).model_dump(mode="json")
        series = db.get(Series, result.series_id) if result.series_id else None
    return house.desk.ask(
        f"plan.{verb}",
        str(house.result_folder(result.id)),
        limit_s=limit_s,
        asker=actor.user_id,
        instead_of=instead_of,
        rules=rules,
        target=asked.target,
        image=_scan(house, series),
        **arguments,
    )


def _scan(house: House, series: Series | None) -> str | None:
    """The volume of a series in HU, where it was made already: it shows bowel by its gas."""
    if series is None or not series.geometry or series.geometry.get("unit") != "HU":
        return None
    path = house.volumes.path(series.id)
    return str(path) if path.is_file() else None


def _stream(actor: Actor, name: str | None) -> str | None:
    """A stream of questions is one person's: nobody replaces another's."""
    return None if name is None else f"{actor.user_id} {name}"
