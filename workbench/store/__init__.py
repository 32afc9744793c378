"""Where what people do is kept: append-only revisions in SQLite, or in PostgreSQL by URL."""

from workbench.store.errors import StoreError
from workbench.store.records import Revision, RunRecord, StoredDocument
from workbench.store.store import Store

__all__ = ["Revision", "RunRecord", "Store", "StoreError", "StoredDocument"]
