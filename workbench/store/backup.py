"""Backups: one ZIP of everything durable, made while others work, of either database and restorable into either.

::

    tables/documents.jsonl, …   every row of every table, as one moment saw them
    pictures/NAME, speech/NAME  the files in the workspace that revisions name
    manifest.json               format, the tables' migration, when, and rows, size and SHA-256 of every other member

Runs and checkpoints are not in it; each is a folder of the workspace that can be copied.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

from workbench.keeping import write_once
from workbench.store import migrations
from workbench.store.database import Database
from workbench.store.errors import StoreError
from workbench.store.schema import now

KIND, VERSION = "duomo-backup", 1
FOLDERS = ("pictures", "speech")
"""Of the workspace; the files in them are written once and never changed."""
_MANIFEST = "manifest.json"
_MEMBER = re.compile(r"tables/[a-z_]{1,40}\.jsonl|(pictures|speech)/[A-Za-z0-9_][A-Za-z0-9_.+-]{0,120}")
_CHUNK, _ROWS = 1 << 20, 500
# What a workbench that was only started has in it: nobody's work.
_WORK = ("documents", "events", "accounts", "runs", "settings")


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup says of itself.

    Attributes:
        created: the moment that it shows, in UTC.
        schema: the last migration of the tables in it.
        tables: how many rows each has.
        files: how many pictures and recordings it holds.
    """

    created: datetime
    schema: str
    tables: Mapping[str, int]
    files: int


def backup(address: str, workspace: Path, target: Path) -> Backup:
    """Write a backup; others may go on saving meanwhile. It gets its name only once it is whole.

    Args:
        address: URL of the database.
        workspace: the folder with pictures and speech.
        target: the file to write.

    Raises:
        StoreError: if there is such a file already, or it cannot be written or the database not be read.
    """
    if target.exists():
        raise StoreError(f"{target} is there already and is not written over; name another file")
    database = Database(address)
    try:
        with _written(target) as archive:
            return _fill(archive, database, workspace)
    finally:
        database.close()


def read_backup(source: Path) -> Backup:
    """Return what a backup says of itself, after comparing every member with its SHA-256.

    Raises:
        StoreError: if it is no backup, damaged, or not to be trusted.
    """
    with _opened(source) as archive:
        manifest = _manifest(source, archive)
        for name, said in manifest["files"].items():
            _verify(source, archive, name, said)
        return _read(manifest)


def restore(source: Path, address: str, workspace: Path, *, replace: bool = False) -> tuple[Backup, Path | None]:
    """Bring back what a backup holds, after verifying all of it. The database is changed as a whole or not at all.

    Args:
        source: the backup.
        address: URL of the database, of either kind.
        workspace: the folder that pictures and speech go to; a file that is there stays.
        replace: whether a database that somebody has worked in may be replaced; a backup of it is written to the workspace first.

    Returns:
        What the backup says, and the file that what was there before was saved to, if anything was.

    Raises:
        StoreError: if the backup is damaged, the database holds work and ``replace`` is not given, or either cannot be written.
    """
    found = read_backup(source)
    database = Database(address)
    try:
        saved = None
        if _holds_work(database):
            if not replace:
                raise StoreError("the database holds work already; restore into another, or add --replace, which saves it first")
            saved = workspace / "backups" / f"before-restore-{now():%Y%m%d-%H%M%S-%f}.zip"
            backup(address, workspace, saved)
        with _opened(source) as archive:
            _unpack_files(source, archive, workspace)
            with database.rebuilding() as connection:
                _drop_all(connection)
                migrations.upgrade(connection, found.schema)
                _load(connection, archive, found.tables)
                migrations.upgrade(connection)
        return found, saved
    finally:
        database.close()


# writing


@contextmanager
def _written(target: Path) -> Iterator[zipfile.ZipFile]:
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
            yield archive
        os.replace(part, target)
    except OSError as error:
        raise StoreError(f"{target} cannot be written ({error.strerror or error}); choose another place or make room") from error
    finally:
        part.unlink(missing_ok=True)


def _fill(archive: zipfile.ZipFile, database: Database, workspace: Path) -> Backup:
    files: dict[str, dict[str, Any]] = {}
    tables: dict[str, int] = {}
    with database.snapshot() as connection:
        created = now()
        schema = migrations.present(connection)
        for table in _tables(connection):
            rows = connection.execution_options(yield_per=_ROWS).execute(table.select()).mappings()
            name = f"tables/{table.name}.jsonl"
            files[name] = _add(archive, name, (_line(table, row) for row in rows))
            tables[table.name] = files[name]["rows"] = files[name].pop("chunks")
    # Afterwards, for a file is there before the revision that names it.
    media = 0
    for folder in FOLDERS:
        for file in sorted((workspace / folder).glob("*")):
            name = f"{folder}/{file.name}"
            if file.is_file() and _MEMBER.fullmatch(name):
                files[name] = _add(archive, name, _chunks(file), packed=False)
                del files[name]["chunks"]
                media += 1
    said = {"format": KIND, "version": VERSION, "schema": schema, "created": created.isoformat(), "files": files}
    archive.writestr(_MANIFEST, json.dumps(said, ensure_ascii=True, indent=1))
    return Backup(created, schema, tables, media)


def _add(archive: zipfile.ZipFile, name: str, chunks: Iterable[bytes], packed: bool = True) -> dict[str, Any]:
    member = zipfile.ZipInfo(name, now().timetuple()[:6])
    member.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    digest, size, count = hashlib.sha256(), 0, 0
    with archive.open(member, "w", force_zip64=True) as handle:
        for chunk in chunks:
            handle.write(chunk)
            digest.update(chunk)
            size, count = size + len(chunk), count + 1
    return {"bytes": size, "sha256": digest.hexdigest(), "chunks": count}


def _tables(connection: sa.Connection) -> list[sa.Table]:
    """Return the tables that there are, of whatever migration, each after those that it refers to."""
    metadata = sa.MetaData()
    metadata.reflect(connection)
    return [table for table in metadata.sorted_tables if table.name != "alembic_version"]


def _line(table: sa.Table, row: Mapping[Any, Any]) -> bytes:
    values = {column.name: _plain(row[column.name]) for column in table.columns}
    return f"{json.dumps(values, ensure_ascii=True)}\n".encode()


def _plain(value: Any) -> Any:
    if not isinstance(value, datetime):
        return value
    moment = value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value.astimezone(timezone.utc)
    return moment.isoformat()


def _chunks(file: Path) -> Iterator[bytes]:
    with open(file, "rb") as handle:
        while chunk := handle.read(_CHUNK):
            yield chunk


# reading


@contextmanager
def _opened(source: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(source) as archive:
            yield archive
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise StoreError(f"{source} is damaged or no backup ({error}); take another one") from error
    except OSError as error:
        raise StoreError(f"{source} cannot be read or unpacked ({error.strerror or error}); check path and room") from error


def _manifest(source: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    names = [member.filename for member in archive.infolist() if member.filename != _MANIFEST]
    try:
        manifest = json.loads(archive.read(_MANIFEST))
        kind, files = (manifest["format"], manifest["version"]), manifest["files"]
        sound = sorted(files) == sorted(names) and all(_MEMBER.fullmatch(name) for name in names)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise StoreError(f"{source} has no sound {_MANIFEST} and is no backup; take another one") from error
    if kind != (KIND, VERSION):
        raise StoreError(f"{source} is {kind[0]} {kind[1]}; this Duomo reads {KIND} {VERSION}: update Duomo")
    if not sound:
        raise StoreError(f"{source}: its members are not those of its {_MANIFEST}; take another backup")
    return dict(manifest)


def _read(manifest: Mapping[str, Any]) -> Backup:
    tables = {name[len("tables/") : -len(".jsonl")]: said["rows"] for name, said in manifest["files"].items() if "rows" in said}
    files = len(manifest["files"]) - len(tables)
    return Backup(datetime.fromisoformat(manifest["created"]), manifest["schema"], tables, files)


def _verify(source: Path, archive: zipfile.ZipFile, name: str, said: Mapping[str, Any]) -> None:
    digest = hashlib.sha256()
    with archive.open(name) as handle:
        while chunk := handle.read(_CHUNK):
            digest.update(chunk)
    if digest.hexdigest() != said["sha256"]:
        raise StoreError(f"{source}: {name} is not what its {_MANIFEST} says; nothing was restored, take another backup")


def _holds_work(database: Database) -> bool:
    with database.reading() as session:
        return any(session.execute(sa.text(f"SELECT 1 FROM {table} LIMIT 1")).first() for table in _WORK)


def _unpack_files(source: Path, archive: zipfile.ZipFile, workspace: Path) -> None:
    for name in archive.namelist():
        folder, _, file = name.partition("/")
        if folder in FOLDERS and file:
            write_once(workspace / folder / file, _copier(archive, name))


def _copier(archive: zipfile.ZipFile, name: str) -> Callable[[str], object]:
    def copy(partial: str) -> None:
        with archive.open(name) as handle, open(partial, "wb") as target:
            while chunk := handle.read(_CHUNK):
                target.write(chunk)

    return copy


def _drop_all(connection: sa.Connection) -> None:
    metadata = sa.MetaData()
    metadata.reflect(connection)
    metadata.drop_all(connection)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("DROP FUNCTION IF EXISTS duomo_append_only()")


def _load(connection: sa.Connection, archive: zipfile.ZipFile, rows: Mapping[str, int]) -> None:
    for table in _tables(connection):
        if table.name not in rows:
            continue
        # What the migrations put there themselves, the first project, is in the backup as it became.
        connection.execute(table.delete()) if table.name == "projects" else None
        with archive.open(f"tables/{table.name}.jsonl") as handle:
            for part in _parts(handle):
                connection.execute(table.insert(), [_typed(table, row) for row in part])
        _count_on(connection, table)


def _parts(handle: IO[bytes]) -> Iterator[list[dict[str, Any]]]:
    part = []
    for line in handle:
        part.append(json.loads(line))
        if len(part) == _ROWS:
            yield part
            part = []
    if part:
        yield part


def _typed(table: sa.Table, row: Mapping[str, Any]) -> dict[str, Any]:
    moments = {column.name for column in table.columns if isinstance(column.type, sa.DateTime)}
    return {name: datetime.fromisoformat(value) if value and name in moments else value for name, value in row.items()}


def _count_on(connection: sa.Connection, table: sa.Table) -> None:
    """Let PostgreSQL number new rows after those that were brought back."""
    if connection.dialect.name == "postgresql" and "id" in table.columns and isinstance(table.columns["id"].type, sa.Integer):
        sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
        connection.exec_driver_sql(f"SELECT setval({sequence}, (SELECT coalesce(max(id), 1) FROM {table.name}))")
