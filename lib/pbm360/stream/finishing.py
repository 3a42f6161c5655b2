"""Finish what an ended stream began: messages that are in bronze, and neither in live nor among the dead letters.

A stream may be killed between two commits of a block. Its messages come again, but stamped anew: live would say that
they became known later than bronze, and so the batch, has it. Landed here, with the stamps that bronze holds, they
became known at the same moment in both.
"""

from __future__ import annotations

import datetime
import logging

from pbm360.stream.blocks import Block
from pbm360.stream.bronze import messages
from pbm360.stream.judging import decoder, judge
from pbm360.stream.landing import live_rows
from pbm360.stream.refusing import dead_letter_row
from pbm360.stream.sinks import TableAppender
from pbm360.warehouse import Warehouse

RETENTION_DAYS = 7  # of the subscription: older messages don't come again
IN_FLIGHT_MINUTES = 60  # how far apart messages were received that were in flight together
log = logging.getLogger(__name__)


def finish_landing(warehouse: Warehouse, live: TableAppender, dead_letters: TableAppender) -> int:
    """Land the messages that bronze alone holds in live, or as dead letters; returns how many there were.

    Run it before the stream takes messages. Nobody acknowledged these, so they come again: as further copies of the
    same events, and with the letters to the dead-letter topic.
    """
    first_date = datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=RETENTION_DAYS)
    parameters = {"first_date": first_date, "in_flight_minutes": IN_FLIGHT_MINUTES}
    found = messages(warehouse.run("stream/left_unfinished.sql", parameters))
    if not found:
        return 0
    judged = judge(Block(0, found), decoder(warehouse.settings.required_pseudonym_key))
    live.append(live_rows(judged))
    dead_letters.append([dead_letter_row(*refused) for refused in judged.refusals])
    log.warning("%d messages of the stream before were in bronze alone; they are landed", len(found))
    return len(found)
