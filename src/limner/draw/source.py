"""Which pack draws an input: pictures by packs for pictures, scans by packs for scans; nothing is guessed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from limner.errors import InputError, PackError
from limner.image import Study
from limner.packs import Pack, list_packs, load_pack
from limner.packs.inputs import InputSpec, PictureSpec

SCANS_PACK = "abdomen-ct"
"""What draws a scan when no pack is named."""


def picture_pack(sources: Sequence[Path], name: str | None) -> Pack | None:
    """The pack for a picture; None where the sources are a scan and the pack is one for scans, or for their slices.

    Args:
        sources: what is to be drawn.
        name: of a pack or its folder, None where the user named none.

    Raises:
        InputError: a picture without a pack, or more than one picture.
        PackError: there is no such pack; a picture and a pack for scans; a scan and a pack for pictures.
    """
    from limner.io import is_picture

    pictures = [one for one in sources if is_picture(one) and not one.is_dir()]
    if name is None:
        if pictures:
            raise InputError(
                "A photograph or still may be of anything, so the pack that draws it must be named: --pack NAME. "
                f"{for_pictures()}"
            )
        return None
    pack = load_pack(name)
    if pack.draws_slices and not pictures:
        return None
    if not isinstance(pack.spec.input, PictureSpec):
        if pictures:
            raise PackError(
                f"Pack {pack.name!r} draws {_modalities(pack)} scans (DICOM, NIfTI), and {pictures[0].name!r} is a "
                f"picture. {for_pictures()}"
            )
        return None
    _check_one_picture(sources, pack)
    return pack


def for_pictures() -> str:
    """A sentence that lists the shipped packs that draw pictures, by what the pictures are."""
    by_modality: dict[str, list[str]] = {}
    for pack in list_packs():
        if isinstance(pack.spec.input, PictureSpec) and len(pack.spec.input.size) == 2:
            by_modality.setdefault(_modalities(pack), []).append(pack.name)
    if not by_modality:
        return "No pack for pictures is shipped with this version; give the folder of one, such as runs/mine/pack."
    told = "; ".join(f"{modality}: {', '.join(names)}" for modality, names in sorted(by_modality.items()))
    return f"Packs for pictures: {told}. The folder of a pack that you trained will do, too."


def drawn_by_others(studies: Sequence[Study]) -> str:
    """A sentence with the shipped packs that draw what is there, where it is MR; empty where there is none."""
    if not any(one.modality == "MR" for study in studies for one in study.series):
        return ""
    names = [pack.name for pack in list_packs() if pack.draws_slices]
    return f"\nPacks that draw MR: {', '.join(names)}; choose one by --pack NAME." if names else ""


def _check_one_picture(sources: Sequence[Path], pack: Pack) -> None:
    from limner.io import is_picture

    spec = pack.main.picture
    if len(spec.size) != 2:
        raise PackError(
            f"Pack {pack.name!r} reads small volumes of {' × '.join(map(str, spec.size))} voxels, which are no picture "
            f"and no scan, and are not drawn. `limner predict` and `limner explain` run it on NIfTI, a folder of DICOM "
            f"slices or .npy."
        )
    if len(sources) != 1:
        raise InputError(f"A drawing is of one picture; got {len(sources)} inputs. `limner predict` takes many.")
    source = sources[0]
    if source.is_dir() or (_is_scan(source) and not is_picture(source)):
        what = "a folder" if source.is_dir() else "a scan"
        raise PackError(
            f"Pack {pack.name!r} draws {_modalities(pack)} pictures (PNG, JPEG, DICOM of one frame), and "
            f"{source.name!r} is {what}. "
            f"Scans are drawn by packs such as {SCANS_PACK!r}; leave out --pack, or name one of `limner packs list`."
        )


def _is_scan(path: Path) -> bool:
    """Whether a file is DICOM, NIfTI, or an archive of them: by its first bytes, else by its name."""
    if path.name.lower().endswith((".nii", ".nii.gz", ".dcm", ".zip", ".tar", ".tar.gz", ".tar.xz", ".tgz")):
        return True
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return False


def _modalities(pack: Pack) -> str:
    spec = pack.spec.input
    return "/".join(spec.modality) if isinstance(spec, (InputSpec, PictureSpec)) else ""
