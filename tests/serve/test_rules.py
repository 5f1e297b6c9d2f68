"""The site's rules: readable with their reasons, changed by an admin alone, checked, and written down."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from limner.plan import PlanSettings
from limner.serve.tables import AuditEntry


def test_rules_are_the_defaults_at_first_and_explain_themselves(server):
    told = server.person("planner").get("/api/rules").json()
    assert told["values"] == told["defaults"] == PlanSettings().model_dump(mode="json")
    for section in told["schema"]["$defs"].values():
        for name, setting in section["properties"].items():
            assert setting.get("description") or "$ref" in setting or name in ("table", "weights"), name


def test_a_rule_is_changed_by_an_admin_and_written_down(server):
    admin = server.person("admin")
    answer = admin.put("/api/rules", json={"values": {"needle": {"vessel_margin_mm": 4.5}}})
    assert answer.status_code == 200
    assert answer.json()["values"]["needle"]["vessel_margin_mm"] == 4.5
    assert admin.get("/api/rules").json()["values"]["needle"]["vessel_margin_mm"] == 4.5
    with server.house.database.reading() as db:
        entry = db.scalars(select(AuditEntry).where(AuditEntry.action == "rules.change")).one()
    assert entry.details == {"changed": {"needle.vessel_margin_mm": [3.0, 4.5]}}


def test_what_changes_nothing_is_not_written_down(server):
    admin = server.person("admin")
    assert admin.put("/api/rules", json={"values": {}}).status_code == 200
    with server.house.database.reading() as db:
        assert not db.scalars(select(AuditEntry).where(AuditEntry.action == "rules.change")).all()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"needle": {"max_angle_deg": 120}}, "needle.max_angle_deg = 120"),
        ({"needle": {"vesel_margin_mm": 3}}, "vessel_margin_mm"),
        ({"needles": {}}, "needle"),
        ({"resection": {"liver_state": "fine"}}, "resection.liver_state"),
        ({"needle": 3}, "needle"),
    ],
)
def test_rules_that_cannot_be_are_refused_and_nothing_changes(server, values, said):
    admin = server.person("admin")
    answer = admin.put("/api/rules", json={"values": values})
    assert answer.status_code == 400
    assert said in answer.json()["detail"]
    assert admin.get("/api/rules").json()["values"] == PlanSettings().model_dump(mode="json")


def test_planners_read_rules_and_change_none(server):
    planner, reader = server.person("planner"), server.person("reader")
    assert planner.put("/api/rules", json={"values": {}}).status_code == 403
    assert reader.get("/api/rules").status_code == 403
    assert server.anyone().get("/api/rules").status_code == 401
