"""One command for each figure of the README; results go to benchmarks/results."""
