"""Requests made from the OpenAPI document: for each operation one that fits its schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

BODIES: dict[str, Any] = {
    # operations whose schema does not say all that their handler asks of a body
    "POST /api/results/{result_id}/click": {"label": 1, "points": [{"ijk": [1, 1, 1], "inside": True}]},
    "PUT /api/studies/{study_id}/measures/{measure_id}": {
        "series_id": "{series_id}",
        "kind": "probe",
        "plane": "axial",
        "points_mm": [[1, 2, 3]],
    },
    "POST /api/jobs": {"kind": "draw", "study_id": "none"},
}
HEADERS = {"x-file-name": "a.dcm", "x-base": "1"}
PARAMETERS = {
    "k": "0",
    "path": "drawing.json",
    "frames": "1",
    "frame": "1",
    "place": "00100010",
    "pack": "abdomen-ct",
    "name": "x",
    "file": "CARD.md",
}


@dataclass(frozen=True)
class Operation:
    """A method at a path, and what it asks of its actor; ``role`` is None where it asks nothing."""

    method: str
    path: str
    role: str | None
    scope: str | None
    login: bool
    told: dict[str, Any]
    document: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> list[str]:
        return [one["name"] for one in self.told.get("parameters", []) if one["in"] == "path"]

    def request(self, ids: dict[str, str]) -> dict[str, Any]:
        """Arguments of httpx's ``request``, with these ids in the path and in the body."""
        values = {**PARAMETERS, **ids}
        headers = {
            one["name"]: HEADERS[one["name"]]
            for one in self.told.get("parameters", [])
            if one["in"] == "header" and one.get("required")
        }
        asked: dict[str, Any] = {"method": self.method, "url": self.path.format(**values), "headers": headers}
        content = self.told.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            body = BODIES.get(str(self))
            if body is None:
                body = example(content["application/json"]["schema"], self.document)
            asked["json"] = {k: v.format(**values) if isinstance(v, str) else v for k, v in body.items()}
        elif content:
            kind = next(iter(content))
            asked["content"] = b"nothing of use"
            headers["content-type"] = f"{kind}; boundary=x" if kind.startswith("multipart") else kind
        return asked


def operations(document: dict[str, Any]) -> list[Operation]:
    """All operations of a document."""
    return [
        Operation(method.upper(), path, told["x-role"], told["x-scope"], told["x-login"], told, document)
        for path, methods in document["paths"].items()
        for method, told in methods.items()
    ]


def example(schema: dict[str, Any], document: dict[str, Any]) -> Any:
    """The least value that fits: required fields only."""
    if "$ref" in schema:
        found = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return example(found, document)
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return example(schema[key][0], document)
    match schema.get("type"):
        case "object" | None:
            fields = schema.get("properties", {})
            return {name: example(fields[name], document) for name in schema.get("required", ())}
        case "array":
            items = schema.get("prefixItems") or [schema.get("items", {})] * schema.get("minItems", 0)
            return [example(one, document) for one in items]
        case "string":
            return "a" * max(1, schema.get("minLength", 1))
        case "integer" | "number":
            return max(schema.get("minimum", 1), schema.get("exclusiveMinimum", 0) + 1)
        case "boolean":
            return False
    return None
