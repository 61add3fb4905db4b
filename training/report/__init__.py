"""The report that a model owner reads after a training, and its figures as images."""
