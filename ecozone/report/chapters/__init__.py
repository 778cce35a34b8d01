"""Chapters of a report: each takes an answer and the words, and gives blocks. None computes a verdict or measures."""
