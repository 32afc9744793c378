"""Studies of errors, without a page: what can be studied, what it is asked for by, and the service that makes studies."""

from workbench.studies.asking import MOST_MODELS, Model, Question
from workbench.studies.data import Data, StudyData
from workbench.studies.labels import LabelsDifferError, unannotated
from workbench.studies.studies import Studies
from workbench.studies.training import Training
from workbench.studies.working import Progress, StoppedError, Worked

__all__ = [
    "MOST_MODELS",
    "Data",
    "LabelsDifferError",
    "Model",
    "Progress",
    "Question",
    "StoppedError",
    "Studies",
    "StudyData",
    "Training",
    "Worked",
    "unannotated",
]
