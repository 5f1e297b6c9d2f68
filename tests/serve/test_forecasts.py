"""Volumes over time over HTTP: what the command says of a table, the server says of it."""

from __future__ import annotations

from limner.forecast.volumes import forecast_volumes

TABLE = "patient,day,volume_ml\nA,0,10\nA,60,13\nA,120,17\nA,180,\nA,240,\n"


def test_a_table_is_forecast_as_by_the_command(server, tmp_path):
    (tmp_path / "table.csv").write_text(TABLE)
    answer = server.person("planner").post("/api/forecasts/volumes", json={"csv": TABLE})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["forecasts"] == forecast_volumes(tmp_path / "table.csv").as_dict()["forecasts"]
    assert [one["volume_ml"] for one in told["readings"]] == [10, 13, 17]
    for one in told["forecasts"]:
        assert one["p10"] < one["p50"] < one["p90"]
    assert told["learned_from"]["patients"] > 100


def test_a_table_that_cannot_be_used_is_refused_in_words(server):
    planner = server.person("planner")
    answer = planner.post("/api/forecasts/volumes", json={"csv": "patient,day,volume\nA,0,10\n"})
    assert answer.status_code == 400
    assert "volume_ml" in answer.json()["detail"]
    assert planner.post("/api/forecasts/volumes", json={"csv": ""}).status_code == 400


def test_readers_forecast_nothing(server):
    body = {"csv": TABLE}
    assert server.person("reader").post("/api/forecasts/volumes", json=body).status_code == 403
    assert server.anyone().post("/api/forecasts/volumes", json=body).status_code == 401
