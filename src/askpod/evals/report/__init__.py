"""Reports: one HTML file each, that needs no network and looks the same wherever it is opened.

`plots.py` draws SVG, `page.py` makes pages of the templates, `run.py` is the report of a run.
"""
