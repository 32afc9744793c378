"""Reports of a study of errors, and its figures by themselves."""

from engine.reporting.bundle import figures_zip
from engine.reporting.figures import NAMES, figure
from engine.reporting.writing import FORMATS, kind_of, report_bytes, write_report

__all__ = ["FORMATS", "NAMES", "figure", "figures_zip", "kind_of", "report_bytes", "write_report"]
