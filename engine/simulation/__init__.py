"""Learning curves: what each strategy of active learning would have saved on a corpus whose labels are known.

::

    settings.py     start, batches, rounds
    curve.py        one strategy with one seed, known by a hash of all that determines it
    drawing.py      carries a curve out: train, score, choose, and again
    figures.py      areas, shares of the data, savings, with intervals over seeds
    making.py       plans the curves, has the missing ones carried out, and reports
    report.py       the result as text and JSON
    plot.py         the result as a picture
    arms.py         what was chosen against what chance drew: the same system learns from equally many of either
"""
