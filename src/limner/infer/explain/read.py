"""What an explanation starts from, read as the pack reads it: a picture, a small volume, or a scan; and its mask."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.data.cases import read_image
from limner.data.fitted import read_for
from limner.data.mask_grid import on_grid
from limner.data.masks import read_region
from limner.errors import PackError
from limner.image import Image, Picture
from limner.packs import Pack, PictureSpec


def read_source(pack: Pack, given: Path, mask: Path | None = None) -> tuple[Picture | Image, NDArray[np.bool_] | None]:
    """A source, and the lesion's mask on its grid where there is one.

    Args:
        pack: that is asked.
        given: a picture, NIfTI, a folder or an archive of DICOM, as the pack reads.
        mask: of the lesion: a picture; of what has depth NIfTI.

    Raises:
        PackError: a picture for a pack that reads scans; a scan for a pack on slices of several series.
        NotAnImageError: it cannot be read.
        CohortError: the mask lies elsewhere than its source.
    """
    from limner import io

    if pack.draws_slices and not io.is_picture(given):
        raise PackError(
            f"Pack {pack.name!r} draws scans of several series slice by slice, and its nets are not asked why: "
            f"{given.name!r} cannot be explained. `limner draw` with this pack measures the shape of the lesions."
        )
    if isinstance(pack.spec.input, PictureSpec):
        picture = read_for(given, pack.main.picture)
        return picture, read_region(mask, picture, given.name) if mask else None
    if not given.is_dir() and io.is_picture(given):
        raise PackError(
            f"Pack {pack.name!r} reads {'/'.join(pack.spec.input.modality)} scans (DICOM, NIfTI), and {given.name!r} "
            "is a picture. See `limner packs list` for packs that read pictures."
        )
    image = read_image(given, modalities=pack.spec.input.modality)
    if mask is None:
        return image, None
    return image, on_grid(io.read_nifti_labels(mask), image.grid, given.name, mask.name) > 0
