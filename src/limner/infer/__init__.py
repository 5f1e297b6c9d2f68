"""Model packs in, answers out: engines, windows, prediction, evaluation.

Torch loads only in ``engines.torch``, on request. OpenVINO and ONNX Runtime load only in their engine.
"""

from limner.infer.predict import Prediction, predict
from limner.packs import Pack, list_packs, load_pack

__all__ = ["Pack", "Prediction", "list_packs", "load_pack", "predict"]
