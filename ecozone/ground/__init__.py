"""Ground: a region cut where an answer could change, and each piece judged by the engine that judges a site.

`curves` says where an answer can change, `offset` draws those lines, `faces` cuts and judges. `ecozone.siting` is the
door.
"""
