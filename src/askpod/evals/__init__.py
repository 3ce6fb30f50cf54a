"""Evals: how good the answers are, on a gold set, with intervals. Only the CLI imports this."""
