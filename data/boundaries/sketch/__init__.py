"""Sketches of the five demo regions: coarse control points and plan figures in, sample zones out.

Nothing in here is a legal boundary. Names and figures come from published plans; every shape is made up by
this package from hand-drawn control points, so that the same points always give the same zones.
"""
