"""The map of mentions on the Errors page: laid out by PCA or UMAP, looked into, chosen from, saved."""

from workbench.map_panel.panel import MapPanel, Subject, wire

__all__ = ["MapPanel", "Subject", "wire"]
