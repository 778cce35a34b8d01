"""Showing: maps, pages and notebook views of an answer. Nothing here measures, and nothing here judges."""
