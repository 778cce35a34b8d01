"""One module a region; each has ``draw() -> Sheet``."""
