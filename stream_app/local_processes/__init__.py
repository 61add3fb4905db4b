"""Server processes on this machine: none outlives the process that started it; and their ports."""
