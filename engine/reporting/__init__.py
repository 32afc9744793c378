"""Reports of a study of errors, and its figures by themselves."""

from engine.reporting.figures import NAMES, figure
from engine.reporting.writing import FORMATS, report_bytes, write_report

__all__ = ["FORMATS", "NAMES", "figure", "report_bytes", "write_report"]
