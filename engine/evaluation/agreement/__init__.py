"""How far annotators agree who annotated the same documents: figures with intervals, and what there is to adjudicate.

Layers of annotators are matched (:func:`match`), then measured (:func:`measure`, :func:`measure_over_time`) or listed case by
case (:func:`list_cases`, :func:`majority`)::

    layers = match({"first": documents_of_one, "second": documents_of_another})
    measure(layers).overall.kappa            # Figure(value=0.965, low=0.951, high=0.977, reason="")

What is measured, over which units:

- **Cohen's kappa per character** (1960), as CNERTA reports it (0.965): over all characters of the documents that both annotated;
  a character's class is its BIO tag, where mentions lie in each other all its tags. The paper does not say over which units; this
  is the reading under which nothing is left out. Most characters are O for everybody, so it is mostly the highest.
- **Cohen's kappa on spans**: over the stretches, start and end, that either marked; the class is the label, or none. What neither
  marked is no unit, since there is no telling how many there are; so both agree on none nowhere, and kappa is lower than it would
  be with a count of such. With that count growing it goes to F1, which is why F1 is reported beside it (Hripcsak and Rothschild
  2005, Agreement, the F-measure, and reliability in information retrieval). Of one label alone it could never be above 0, and is
  left undefined.
- **Fleiss' kappa** (1971), of more than two annotators: per character, over the documents that all annotated.
- **Krippendorff's alpha**, nominal: per character, over the documents that two or more annotated; who is missing is no matter.
- **Krippendorff's alpha for unitizing** (1995; 2004, chapter 11): how far apart the borders of each label's spans are, over the
  documents that all annotated. The documents are one continuum, in which a border between documents ends a gap.
- **F1** of spans, exact, and of their borders alone: one annotator scored against the other, which is symmetric.

Cohen's kappas and F1 are means over the pairs of annotators that have one. The formulas are applied to sums over documents, for a
thousand resamples at once; no library takes such, so they stand here, and tests hold them to scikit-learn, statsmodels and the
published examples.
"""

from engine.evaluation.agreement.cases import Case, Majority, list_cases, majority
from engine.evaluation.agreement.figures import Agreement, Figures, Pair, Window, measure, measure_over_time
from engine.evaluation.agreement.layers import Layers, match
from engine.evaluation.agreement.resampling import Figure

__all__ = [
    "Agreement",
    "Case",
    "Figure",
    "Figures",
    "Layers",
    "Majority",
    "Pair",
    "Window",
    "list_cases",
    "majority",
    "match",
    "measure",
    "measure_over_time",
]
