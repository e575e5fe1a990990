"""Many threads, one writer: what waits together is written in one transaction.

To reach the disk takes milliseconds, however little is written. A hundred listeners who wait in a row would wait for
a hundred of those; in a group they wait for one.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")

LARGEST = 64  # pieces of work in one transaction


@dataclass(eq=False)
class _Piece:
    work: Callable[[Connection], Any]
    woken: threading.Event = field(default_factory=threading.Event)
    done: bool = False
    result: Any = None
    error: BaseException | None = None


class GroupCommit:
    """Runs each piece of work in the thread of the piece that stands first in the row.

    A piece that raises undoes its own changes only, behind a savepoint. Where the transaction itself fails, every
    piece of it raises that error and none has changed anything.
    """

    def __init__(self, transaction: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._transaction = transaction
        self._row: deque[_Piece] = deque()
        self._busy = False
        self._mutex = threading.Lock()

    def run(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns, after its commit."""
        piece = _Piece(work)
        with self._mutex:
            self._row.append(piece)
            leads, self._busy = not self._busy, True
        if not leads:
            piece.woken.wait()
        if not piece.done:
            self._lead()
        if piece.error is not None:
            raise piece.error
        result: T = piece.result
        return result

    def _lead(self) -> None:
        with self._mutex:
            group = [self._row.popleft() for _ in range(min(LARGEST, len(self._row)))]
        try:
            with self._transaction() as connection:
                for piece in group:
                    _do(piece, connection, alone=len(group) == 1)
        except BaseException as error:  # noqa: BLE001  each thread raises it
            for piece in group:
                piece.error = piece.error or error
        finally:
            with self._mutex:
                for piece in group:
                    piece.done = True
                    piece.woken.set()
                self._busy = bool(self._row)
                if self._row:
                    self._row[0].woken.set()


def _do(piece: _Piece, connection: Connection, alone: bool) -> None:
    if alone:
        piece.result = piece.work(connection)
        return
    savepoint = connection.begin_nested()
    try:
        piece.result = piece.work(connection)
    except BaseException as error:  # noqa: BLE001  the thread that asked raises it
        piece.error = error
        savepoint.rollback()
    else:
        savepoint.commit()
