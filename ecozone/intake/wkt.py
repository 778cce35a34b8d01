"""Reading WKT, no deeper than a geometry is: GEOS reads brackets by recursion; thousands of them end the process."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from ecozone.errors import GeometryError
from ecozone.intake.limits import DEPTH


def read_wkt(text: str) -> Any:
    """Return the geometry of a WKT.

    Raises
    ------
    GeometryError
        Brackets nested deeper than any geometry needs.
    shapely.errors.ShapelyError
        Not WKT.
    """
    signs = np.frombuffer(text.encode("utf-8", "replace"), dtype=np.uint8)
    depth = np.cumsum((signs == ord("(")).astype(np.int32) - (signs == ord(")")).astype(np.int32))
    if len(depth) and depth.max() > DEPTH:
        raise GeometryError(f"WKT 的括号嵌套超过 {DEPTH} 层，不是正常的图形，请重新导出。")
    return shapely.from_wkt(text)
