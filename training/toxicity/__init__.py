"""The named data set `toxicity`, from which the learned toxicity model is trained."""
