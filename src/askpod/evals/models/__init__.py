"""Models side by side: how good their answers are, how soon they come, and for how much.

    prompts.py   what the questions of a gold set send to a model
    estimate.py  how many requests that makes, and what they cost
    load.py      sends them, one or several at a time, and times them
    quality.py   the figures of an eval's run, from the replies that came one at a time
    figures.py   what is said of a model, with intervals
    measuring.py all of it, for one model
    rows.py      models side by side, as rows of text
    table.py     the same in a terminal

Every reply is asked for anew: what was kept from other runs says nothing about today's seconds.
"""
