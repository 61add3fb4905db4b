"""Records trainings in MLflow; a server that fails costs the record, never the training."""
