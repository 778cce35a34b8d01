"""Rules: books of law, read, planned and judged on tables of relations and facts.

No geometry library is imported in this room: rules can be read, tested and proved without a map.
"""
