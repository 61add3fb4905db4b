"""The demo's own tickets, what became of each, and how a person sees it; decides no ticket."""
