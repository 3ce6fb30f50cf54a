"""Evals: how good the answers are, measured on a gold set, with intervals.

Scores are counted, never judged by another model. Nothing below the command line imports this.
"""
