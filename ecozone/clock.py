"""The one place that reads the clock, for the command line and the web; all below takes the day as an argument."""

from __future__ import annotations

import datetime as dt

#: China keeps one time all year; the zone database is not on every Windows.
BEIJING = dt.timezone(dt.timedelta(hours=8))


def today() -> dt.date:
    """Return the day it is in China."""
    return dt.datetime.now(BEIJING).date()  # noqa: TID251 - the one place
