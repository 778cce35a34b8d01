"""Ground that is too steep for the user taken out of what a search found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone import measure
from ecozone.ground.blocks import ALLOWED
from ecozone.ground.faces import Faces

if TYPE_CHECKING:
    from ecozone.crs import Plane
    from ecozone.raster import Steep

#: The user's own limit among the rules that bind a piece.
SLOPE_RULE = "user.slope_max"
#: How far what stays open of a slope could push.
_BY_SLOPE = {"prohibited": np.int8(0), "undetermined": np.int8(3)}
_AREA = 2


def without_steep(found: Faces, plane: Plane, cut: Steep) -> Faces:
    """Return faces with what is too steep marked ``prohibited``, what has no elevation ``undetermined``.

    Only ground on which a project may go ahead is cut, along the edges of the pixels.
    """
    steep, unknown = measure.to_plane(np.array([cut.steep, cut.unknown], dtype=object), plane)
    allowed = np.isin(found.verdict, ALLOWED)
    rows = np.flatnonzero(allowed)
    ground = found.geometry[rows]
    made: list[tuple[NDArray[np.int64], NDArray[np.object_], str | None]] = [
        (np.flatnonzero(~allowed), found.geometry[~allowed], None)
    ]
    rest = shapely.difference(ground, shapely.union(steep, unknown))
    for shapes, verdict in (
        (rest, None),
        (shapely.intersection(ground, steep), "prohibited"),
        (shapely.difference(shapely.intersection(ground, unknown), steep), "undetermined"),
    ):
        parts, owner = shapely.get_parts(shapes, return_index=True)
        some = shapely.get_dimensions(parts) == _AREA
        made.append((rows[owner[some]], parts[some], verdict))
    bound = {"prohibited": (SLOPE_RULE,)}
    left = {"undetermined": (SLOPE_RULE,)}
    return Faces(
        geometry=np.concatenate([shapes for _, shapes, _ in made]),
        verdict=np.concatenate(
            [found.verdict[at] if verdict is None else np.full(len(at), verdict) for at, _, verdict in made]
        ),
        complete=np.concatenate(
            [
                found.complete[at] if verdict is None else np.full(len(at), verdict == "prohibited")
                for at, _, verdict in made
            ]
        ),
        rules=[found.rules[i] + bound.get(verdict or "", ()) for at, _, verdict in made for i in at.tolist()],
        open=[found.open[i] + left.get(verdict or "", ()) for at, _, verdict in made for i in at.tolist()],
        may=np.concatenate(
            [found.may[at] if verdict is None else np.full(len(at), _BY_SLOPE[verdict]) for at, _, verdict in made]
        ),
        cut=found.cut,
    )
