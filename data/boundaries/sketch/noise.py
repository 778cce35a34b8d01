"""Deterministic irregularity: numbers that look random and depend only on the words they are asked for."""

from __future__ import annotations

import hashlib
import math

import numpy as np


def unit(*words: object) -> float:
    """Return a number in [0, 1) that depends only on ``words``."""
    digest = hashlib.blake2b("|".join(map(str, words)).encode("utf-8"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def signed(*words: object) -> float:
    """Return a number in [-1, 1) that depends only on ``words``."""
    return 2.0 * unit(*words) - 1.0


def waves(position: np.ndarray, wavelength: float, *words: object, octaves: int = 3) -> np.ndarray:
    """Smooth noise along a line.

    Parameters
    ----------
    position : array of float
        Distance along the line, metres.
    wavelength : float
        Longest wave, metres; each octave is 2.17 times shorter and half as high.
    words : object
        What the noise belongs to; the same words give the same waves.
    octaves : int
        How many waves are added.

    Returns
    -------
    array of float
        Values in about [-1, 1].
    """
    total = np.zeros_like(position, dtype=float)
    height = 1.0
    sum_of_heights = 0.0
    for octave in range(octaves):
        length = wavelength / 2.17**octave * (0.9 + 0.2 * unit(*words, octave, "length"))
        phase = 2.0 * math.pi * unit(*words, octave, "phase")
        total += height * np.sin(2.0 * math.pi * position / length + phase)
        sum_of_heights += height
        height *= 0.5
    return total / sum_of_heights


def round_waves(angle: np.ndarray, *words: object, octaves: int = 5) -> np.ndarray:
    """Smooth noise around a closed ring, for ``angle`` in radians; values in about [-1, 1]."""
    total = np.zeros_like(angle, dtype=float)
    sum_of_heights = 0.0
    for octave in range(octaves):
        turns = octave + 2
        height = 1.0 / (octave + 1.0)
        phase = 2.0 * math.pi * unit(*words, "ring", octave)
        total += height * np.sin(turns * angle + phase)
        sum_of_heights += height
    return total / sum_of_heights
