"""Screening: many sites, one answer each. Columns in, columns out; what is judged is what `check` judges."""
