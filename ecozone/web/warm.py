"""What the mother of all worker processes has loaded: a child starts in milliseconds instead of a second.

Imports alone: nothing is opened, computed or started here.
"""

from __future__ import annotations

import pyproj
import shapely

import ecozone._check
import ecozone.archive
import ecozone.atlas
import ecozone.intake.diagnose
import ecozone.intake.geojson
import ecozone.intake.gpkg
import ecozone.intake.kml
import ecozone.intake.reading
import ecozone.intake.shp
import ecozone.intake.site
import ecozone.intake.txt
import ecozone.intake.vector
import ecozone.report.map
import ecozone.web.files
import ecozone.web.request
import ecozone.web.work

LOADED = (pyproj, shapely, ecozone)
