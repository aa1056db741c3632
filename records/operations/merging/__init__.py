"""Making several records of one kind one, and several again: what holds for every kind.

A room that can merge calls `together` and `begin`, says by `sources_of` which values stay, moves
what hangs on the losers and ends with `close`. `Image` keeps how every touched row was before, so
that `return_of` and `give_back` can take it back row by row.
"""

from records.operations.merging.choosing import (
    custom_names,
    fields_of,
    is_empty,
    sources_of,
    value_of,
)
from records.operations.merging.image import Image, image_of
from records.operations.merging.joining import (
    MOST_RECORDS,
    begin,
    close,
    put_into_bin,
    refuse_these,
    survivor_of,
    take,
    together,
)
from records.operations.merging.moving import (
    hold_references,
    move_references,
    name_of,
    references_to,
)
from records.operations.merging.parting import (
    Return,
    end,
    give_back,
    label_of,
    refuse_later_merges,
    refuse_obstacles,
    return_of,
    unmergeable,
)

__all__ = [
    "MOST_RECORDS",
    "Image",
    "Return",
    "begin",
    "close",
    "custom_names",
    "end",
    "fields_of",
    "give_back",
    "hold_references",
    "image_of",
    "is_empty",
    "label_of",
    "move_references",
    "name_of",
    "put_into_bin",
    "references_to",
    "refuse_later_merges",
    "refuse_obstacles",
    "refuse_these",
    "return_of",
    "sources_of",
    "survivor_of",
    "take",
    "together",
    "unmergeable",
    "value_of",
]
