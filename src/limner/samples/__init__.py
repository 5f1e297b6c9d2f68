"""The built-in study: a real CT of the abdomen that may be passed on, so that the first drawing needs no data.

CRLM-CT-1004 of TCIA Colorectal-Liver-Metastases, CC BY 4.0; ``ATTRIBUTION.md`` names the authors.
"""

from __future__ import annotations

from pathlib import Path

DEMO_CITATION = (
    "Simpson AL, Peoples J, Creasy JM, et al. Preoperative CT and survival data for patients undergoing resection of "
    "colorectal liver metastases (Colorectal-Liver-Metastases), case CRLM-CT-1004. The Cancer Imaging Archive, 2023. "
    "doi:10.7937/QXK2-QG03. CC BY 4.0."
)


def demo_study() -> Path:
    """The folder of the built-in study: 41 axial CT slices, 512², 0.797 × 0.797 × 5 mm, JPEG-LS lossless DICOM.

    >>> len(list(demo_study().glob("*.dcm")))
    41
    """
    return Path(__file__).parent / "crlm-ct-1004"
