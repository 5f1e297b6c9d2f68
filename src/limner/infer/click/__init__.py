"""From a click to a mask: a minimal cut between what looks like the points inside and what their surroundings do.

The image around the points is looked at twice: coarsely, to see how far the thing reaches, then as finely as its box
allows. Each time voxels are nodes, neighbours that look alike are tied, and the cheapest cut that parts the points
inside from those outside is the border. A point outside only ever adds cost to "inside", so that it never enlarges.

Source: Boykov Y, Jolly M-P. Interactive graph cuts for optimal boundary & region segmentation of objects in N-D
images. ICCV 2001, equations 1-3; the geodesic term is of Price BL, Morse B, Cohen S. Geodesic graph cut for
interactive image segmentation. CVPR 2010.
"""

from limner.infer.click.clicks import Boxed, Clicked, Clicks, ClickSettings, Scene
from limner.infer.click.find import click

__all__ = ["Boxed", "ClickSettings", "Clicked", "Clicks", "Scene", "click"]
