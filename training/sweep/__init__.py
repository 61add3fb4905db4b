"""Searches for a better recipe with Optuna; writes no bundle and never looks at a test part."""
