"""Ablation zones for a target, as the plan tells them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from limner.findings import Ablation, Nearest, Zone
from limner.scene.needles import AblationRules, Found, Planner, Probe, load_probes, plan_ablation, violations


def ablate(planner: Planner, found: Found, rules: AblationRules, table: Path | None = None) -> Ablation | None:
    """Zones that cover the target with its margin; None where no needle reaches it.

    Args:
        planner: of the target.
        found: its paths.
        rules: of the zones.
        table: probes as JSON; of the shipped table only what somebody measured is used.

    Raises:
        InputError: the table cannot be read.
    """
    probes = load_probes(table)
    if table is None:
        probes = tuple(one for one in probes if one.measured)
    done = plan_ablation(planner, found, probes, rules)
    if not done.zones:
        return None
    zones = tuple(_zone(k, one.path.entry_mm, one.path.target_mm, one.probe) for k, one in enumerate(done.zones, 1))
    return Ablation(
        zones=zones,
        broken=tuple(f"{one.id}: {said}" for one in zones for said in _walked(planner, one)),
        margin_mm=rules.margin_mm,
        covered_percent=100 * done.margin_share,
        target_percent=100 * done.tumor_share,
        covered=done.covered,
        zone_ml=done.ablated_ml,
        healthy_ml=done.healthy_ml,
        heat_sinks=tuple(Nearest(name=one.name, mm=one.mm) for one in done.heat_sinks),
        reached=done.reached,
    )


def _walked(planner: Planner, zone: Zone) -> tuple[str, ...]:
    """Rules that an independent walk finds broken by the needle of a zone, which runs beside an offered path."""
    scene = planner.scene
    organ = scene.organ.values if scene.organ else ()
    line = np.array(zone.entry_mm), np.array(zone.center_mm)
    return violations(scene.anatomy.given, scene.lesion, organ, line, scene.rules)


def _zone(number: int, entry: tuple[float, ...], target: tuple[float, ...], probe: Probe) -> Zone:
    way = np.array(target) - np.array(entry)
    axis = way / max(float(np.linalg.norm(way)), 1e-9)
    return Zone(
        id=f"zone-{number}",
        entry_mm=_point(entry),
        center_mm=_point(target),
        axis=_point(axis.tolist()),
        long_mm=probe.long_mm,
        short_mm=probe.short_mm,
        probe=probe.name,
        power_w=probe.watts,
        minutes=probe.minutes,
        source=probe.source,
    )


def _point(values: tuple[float, ...] | list[float]) -> tuple[float, float, float]:
    x, y, z = (round(float(one), 3) for one in values)
    return x, y, z
