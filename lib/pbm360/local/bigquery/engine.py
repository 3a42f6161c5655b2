"""Give every thread its own DuckDB cursor, so that queries run side by side and see committed data alone."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext

import duckdb
from bqemulator.config import Settings
from bqemulator.storage.engine import DuckDBEngine

from pbm360.local.bigquery.room import Room

FLUSH_THRESHOLD = "64MB"  # give memory back after a large statement, not keep it for the next
WORKING_DATASETS = ("_staging", "_vault")  # what is made there of a query lives for one build
DROP_TABLE = 'DROP TABLE IF EXISTS "'


class WarehouseEngine(DuckDBEngine):
    """The emulator's engine with one cursor a thread, one writer at a time, and real transactions.

    A cursor is a DuckDB connection of its own: a reader sees what was committed when its statement began.
    """

    def __init__(self, settings: Settings):
        super().__init__(settings)
        self._thread = threading.local()
        self._writer = threading.RLock()
        self._made: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)  # by the table that is being made
        self._cursors = weakref.WeakSet()
        self.after_rollback = lambda: None

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The calling thread's cursor, opened on first use."""
        root = super().connection
        if getattr(self._thread, "root", None) is not root:
            self._thread.root = root
            self._thread.cursor = self.new_cursor()
            self._thread.is_open = self._thread.is_writer = False
        return self._thread.cursor

    def new_cursor(self) -> duckdb.DuckDBPyConnection:
        """Open a connection of its own to the same database, in UTC."""
        cursor = super().connection.cursor()
        cursor.execute("SET TimeZone = 'UTC'")
        self._cursors.add(cursor)
        return cursor

    def interrupt_queries(self) -> None:
        """End every running query with an error."""
        for cursor in list(self._cursors):
            cursor.interrupt()

    @asynccontextmanager
    async def write_lock(self) -> AsyncIterator[None]:
        """Let one thread write at a time (the emulator asks for it around its own statements)."""
        with self._writer:
            yield

    def execute(self, sql: str, parameters=None) -> duckdb.DuckDBPyConnection:
        """Run a statement; the REST interface deletes a view by `drop table`, which DuckDB refuses."""
        try:
            return super().execute(sql, parameters)
        except duckdb.CatalogException as error:
            if sql.startswith(DROP_TABLE) and "is of type View" in str(error):
                return super().execute(sql.replace("DROP TABLE", "DROP VIEW", 1), parameters)
            raise

    @property
    def in_transaction(self) -> bool:
        """Tell whether the calling thread has an open transaction."""
        return self.connection is not None and self._thread.is_open

    def begin(self) -> None:
        """Open a transaction on the thread's cursor and become the only writer until it ends."""
        self._writer.acquire()
        try:
            self._open_transaction(is_writer=True)
        except BaseException:
            self._writer.release()
            raise

    def become_writer(self) -> None:
        """Become the only writer until the thread's open transaction ends; harmless where it is already."""
        if self.in_transaction and not self._thread.is_writer:
            self._writer.acquire()
            self._thread.is_writer = True

    def _open_transaction(self, *, is_writer: bool) -> None:
        self.connection.execute("BEGIN TRANSACTION")
        self._thread.is_open, self._thread.is_writer = True, is_writer

    def commit(self) -> None:
        """Publish the open transaction; raises `duckdb.Error`, and nothing is published, where it can't be."""
        try:
            self.connection.execute("COMMIT")
        except duckdb.Error:
            self.rollback()
            raise
        self._close_transaction()

    def rollback(self) -> None:
        """Undo the open transaction."""
        try:
            with contextlib.suppress(duckdb.TransactionException):  # a failed commit has rolled back already
                self.connection.execute("ROLLBACK")
            self.after_rollback()
        finally:
            self._close_transaction()

    def _close_transaction(self) -> None:
        was_writer = self._thread.is_writer
        self._thread.is_open = self._thread.is_writer = False
        if was_writer:
            self._writer.release()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the block as one transaction of the only writer; a block inside an open transaction joins it."""
        if self.in_transaction:
            yield
            return
        self.begin()
        yield from self._until_committed()

    @contextmanager
    def making(self, dataset: str, table: str) -> Iterator[None]:
        """Run the block, which makes a table of a query, as a transaction that others write beside.

        The block calls `become_writer` once the query has run. Whoever makes the same table waits for the end.
        """
        is_working_table = dataset.endswith(WORKING_DATASETS)
        with self._made[f"{dataset}.{table}"], self.room.uncompressed() if is_working_table else nullcontext():
            self._open_transaction(is_writer=False)
            yield from self._until_committed()

    def _until_committed(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.become_writer()  # what is rolled back is read anew from what was committed
            self.rollback()
            raise
        self.become_writer()
        self.commit()

    @contextmanager
    def private_session(self) -> Iterator[None]:
        """Run the block on a fresh cursor, so that its temporary tables are its own and vanish with it."""
        outer = self.connection
        self._thread.cursor = self.new_cursor()
        try:
            yield
        finally:
            if self._thread.is_open:
                self.rollback()
            self._thread.cursor.close()
            self._thread.cursor = outer

    async def stop(self) -> None:
        """Write the log into the database file, then close it."""
        if self._connection is not None:
            with self._writer:
                self._connection.execute("CHECKPOINT")
        await super().stop()

    def _apply_session_pragmas(self) -> None:
        """Set what holds for the whole database."""
        super()._apply_session_pragmas()
        self._connection.execute(f"SET GLOBAL allocator_flush_threshold = '{FLUSH_THRESHOLD}'")
        self.room = Room(self.new_cursor())

    def _register_builtin_udfs(self) -> None:
        """Create the functions that DuckDB lacks: the emulator's, then ours."""
        from pbm360.local.bigquery.corrections.translation import create_macros

        super()._register_builtin_udfs()
        create_macros(self._connection)

    def _load_spatial(self) -> None:
        """Load nothing: the extension would be downloaded, and this warehouse has no GEOGRAPHY column."""
