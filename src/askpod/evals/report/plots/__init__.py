"""Plots as SVG text: pure functions of figures with their intervals.

They need the style sheet of `page.py` for their colours. Each says in words, in its `<desc>`,
what it shows.
"""

from askpod.evals.report.plots.bars import interval_bars
from askpod.evals.report.plots.heat import heat_map
from askpod.evals.report.plots.lines import lines
from askpod.evals.report.plots.scatter import scatter

__all__ = ["heat_map", "interval_bars", "lines", "scatter"]
