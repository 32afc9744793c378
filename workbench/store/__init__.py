"""Where what people do is kept: append-only revisions and events in SQLite, or in PostgreSQL by URL."""

from workbench.store.accounts import Account, Role
from workbench.store.assignments import Assignment, Outlook, Place, Progress
from workbench.store.difference import Difference, diff
from workbench.store.disputes import Dispute
from workbench.store.documents import Imported
from workbench.store.errors import StoreError
from workbench.store.events import Event
from workbench.store.labels import Label
from workbench.store.lists import Entry, SentenceList
from workbench.store.measures import Measure, Measured
from workbench.store.notes import Note
from workbench.store.projects import Member, Project
from workbench.store.reading import View
from workbench.store.records import Glance, Revision, RunKind, RunRecord, StoredDocument
from workbench.store.report import Acceptance, Deed, Report, Saving, Standing, Work
from workbench.store.requests import Cause, Request
from workbench.store.schema import FIRST
from workbench.store.searching import Criteria, Found
from workbench.store.selections import Arm, Judged, Pick, Selection
from workbench.store.store import Store

__all__ = [
    "FIRST",
    "Acceptance",
    "Account",
    "Arm",
    "Assignment",
    "Cause",
    "RunKind",
    "Criteria",
    "Deed",
    "Difference",
    "Dispute",
    "Entry",
    "Event",
    "Found",
    "Glance",
    "Imported",
    "Judged",
    "Label",
    "Measure",
    "Measured",
    "Member",
    "Note",
    "Outlook",
    "Pick",
    "Place",
    "Progress",
    "Project",
    "Report",
    "Request",
    "Revision",
    "Role",
    "RunRecord",
    "Saving",
    "Selection",
    "SentenceList",
    "Standing",
    "Store",
    "StoreError",
    "StoredDocument",
    "View",
    "Work",
    "diff",
]
