"""Vessels of the liver: their trees, what each branch feeds, and the eight segments.

Here lives what a resection is planned along. Label maps in, trees and territories out; no files, no models but the
small one of the segments.
"""

from limner.scene.vessels.apart import Apart, portal_and_hepatic
from limner.scene.vessels.build import TreeRules, vessel_tree
from limner.scene.vessels.couinaud import SEGMENTS, Segments, couinaud
from limner.scene.vessels.territories import Territories, downstream, territories
from limner.scene.vessels.tree import Branch, Cut, VesselTree

__all__ = [
    "SEGMENTS",
    "Apart",
    "Branch",
    "Cut",
    "Segments",
    "Territories",
    "TreeRules",
    "VesselTree",
    "couinaud",
    "downstream",
    "portal_and_hepatic",
    "territories",
    "vessel_tree",
]
