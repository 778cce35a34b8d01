"""What 沙湾区 and 乐山市市中区 share: the plane, the common border, the rivers."""

from __future__ import annotations

from functools import cache

import numpy as np

from ..course import Course, course
from ..ground import border
from ..plane import Plane

PLANE = Plane(103.7, 29.5)

COMMON_BORDER = [
    (103.57, 29.48),
    (103.58, 29.50),
    (103.60, 29.52),
    (103.62, 29.50),
    (103.63, 29.49),
    (103.66, 29.49),
    (103.68, 29.47),
]


@cache
def common_border() -> np.ndarray:
    """Draw the border between the two districts, from west to east."""
    return border(PLANE, "沙湾—市中", COMMON_BORDER, ragged_m=180.0)


@cache
def rivers() -> dict[str, Course]:
    """Draw the rivers of both districts, once so that the two atlases agree."""
    minjiang = course(
        PLANE,
        "岷江",
        [
            (103.87, 29.84), (103.86, 29.80), (103.86, 29.76), (103.84, 29.72), (103.82, 29.68),
            (103.82, 29.65), (103.79, 29.62), (103.78, 29.58), (103.77, 29.55), (103.78, 29.51),
            (103.79, 29.46), (103.80, 29.41), (103.81, 29.36),
        ],
        width_m=(330.0, 420.0),
        meander_m=380.0,
        wavelength_m=6200.0,
    )  # fmt: skip
    dadu = course(
        PLANE,
        "大渡河",
        [
            (103.36, 29.32), (103.40, 29.31), (103.44, 29.31), (103.47, 29.31), (103.50, 29.28),
            (103.53, 29.27), (103.56, 29.25), (103.58, 29.22), (103.62, 29.21), (103.64, 29.23),
            (103.64, 29.27), (103.66, 29.31), (103.64, 29.34), (103.60, 29.34), (103.57, 29.35),
            (103.56, 29.38), (103.56, 29.41), (103.57, 29.44), (103.60, 29.47), (103.62, 29.50),
            (103.66, 29.53), (103.70, 29.55), (103.74, 29.56), (103.77, 29.55),
        ],
        width_m=(190.0, 340.0),
        meander_m=330.0,
        wavelength_m=4600.0,
        joins=minjiang,
    )  # fmt: skip
    qingyi = course(
        PLANE,
        "青衣江",
        [(103.53, 29.78), (103.57, 29.73), (103.60, 29.69), (103.64, 29.65), (103.67, 29.62), (103.68, 29.59),
         (103.71, 29.56)],
        width_m=(230.0, 270.0),
        meander_m=320.0,
        wavelength_m=5200.0,
        joins=dadu,
    )  # fmt: skip
    emei = course(
        PLANE,
        "峨眉河",
        [
            (103.50, 29.59),
            (103.55, 29.57),
            (103.59, 29.57),
            (103.63, 29.56),
            (103.67, 29.56),
            (103.70, 29.55),
        ],
        width_m=(38.0, 60.0),
        meander_m=260.0,
        wavelength_m=3200.0,
        joins=dadu,
    )
    linjiang = course(
        PLANE,
        "临江河",
        [(103.50, 29.50), (103.54, 29.52), (103.58, 29.54), (103.62, 29.54), (103.65, 29.53)],
        width_m=(26.0, 42.0),
        meander_m=230.0,
        wavelength_m=2800.0,
        joins=dadu,
    )
    zhugong = course(
        PLANE,
        "竹公溪",
        [(103.72, 29.67), (103.73, 29.64), (103.74, 29.61), (103.75, 29.58), (103.77, 29.57)],
        width_m=(16.0, 30.0),
        meander_m=240.0,
        wavelength_m=2400.0,
        joins=minjiang,
    )
    lingyun = course(
        PLANE,
        "凌云河",
        [(103.86, 29.58), (103.84, 29.57), (103.81, 29.56), (103.78, 29.54)],
        width_m=(12.0, 22.0),
        meander_m=200.0,
        wavelength_m=2400.0,
        joins=minjiang,
    )
    mochi = course(
        PLANE,
        "磨池河",
        [(103.94, 29.70), (103.91, 29.68), (103.89, 29.65), (103.86, 29.64), (103.82, 29.65)],
        width_m=(14.0, 34.0),
        meander_m=260.0,
        wavelength_m=2900.0,
        joins=minjiang,
    )
    nixi = course(
        PLANE,
        "泥溪河",
        [
            (103.97, 29.57),
            (103.92, 29.55),
            (103.88, 29.54),
            (103.85, 29.52),
            (103.82, 29.49),
            (103.79, 29.47),
        ],
        width_m=(14.0, 36.0),
        meander_m=260.0,
        wavelength_m=2900.0,
        joins=minjiang,
    )
    jianfeng = course(
        PLANE,
        "剑峰河",
        [(103.73, 29.72), (103.76, 29.70), (103.79, 29.69), (103.83, 29.70)],
        width_m=(12.0, 28.0),
        meander_m=230.0,
        wavelength_m=2600.0,
        joins=minjiang,
    )
    moxi = course(
        PLANE,
        "沫溪河",
        [(103.70, 29.33), (103.68, 29.34), (103.66, 29.35), (103.65, 29.38), (103.65, 29.40), (103.66, 29.42),
         (103.69, 29.43), (103.73, 29.42), (103.77, 29.41), (103.80, 29.40)],
        width_m=(16.0, 46.0),
        meander_m=260.0,
        wavelength_m=2900.0,
        joins=minjiang,
    )  # fmt: skip
    yuxi = course(
        PLANE,
        "余溪河",
        [(103.46, 29.37), (103.49, 29.36), (103.52, 29.35), (103.55, 29.34), (103.58, 29.35)],
        width_m=(12.0, 30.0),
        meander_m=240.0,
        wavelength_m=2700.0,
        joins=dadu,
    )
    drawn = [minjiang, dadu, qingyi, emei, linjiang, zhugong, lingyun, mochi, nixi, jianfeng, moxi, yuxi]
    return {river.name: river for river in drawn}


RIVER_CLASS = {"岷江": "重要支流", "大渡河": "重要支流", "青衣江": "重要支流"}
"""Basins of at least 10 000 km² (长江保护法 art. 95); every other river is a 支流."""

BANK_M = {"岷江": 50.0, "大渡河": 40.0, "青衣江": 40.0}
