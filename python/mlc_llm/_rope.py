"""What TVM's attention kernels for a GPU want to be told of a YaRN rotation."""

import math
from typing import Any

__all__ = ["with_yarn_constant"]


def with_yarn_constant(scaling: dict[str, Any], theta: float) -> dict[str, Any]:
    """Return the scaling with the constant that only TVM's kernels for the processor work out."""
    if scaling.get("rope_type") != "yarn":
        return scaling
    return {"inv_theta_log_scale": 1 / (2 * math.log(theta)), **scaling}
