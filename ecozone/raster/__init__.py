"""Evidence from rasters: land cover, elevation and slope, PM2.5 … read block by block, counted by covered ground.

A site with nodata or beyond the raster's edge has no value: rules then stay open.
"""

from __future__ import annotations

from ecozone.raster.source import Raster, RasterError
from ecozone.raster.steep import Steep, steeper_than
from ecozone.raster.zonal import share_above, statistics

__all__ = ["Raster", "RasterError", "Steep", "share_above", "statistics", "steeper_than"]
