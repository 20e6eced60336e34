"""How every ONNX model is opened: on one thread that sleeps when it waits, because one worker has one core."""

from typing import Any

import onnxruntime

_ERRORS_ONLY = 3


def open_session(model: bytes) -> Any:
    """An onnxruntime session of a model held in memory."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
