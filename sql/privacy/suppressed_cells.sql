-- Which counts may not be shown: those of 1 to 10, and of a block that has one such alone, the next smallest.
-- Grain: one row per cell.
-- Sources: the relation `cells` (block, cell, n), bound by what includes this file; the sum of a
-- block is taken as known to everybody. Rule: 1 to 10 as in the CMS cell size suppression policy.

with
    sized_cells as (
        select
            block,
            cell,
            n,
            n between 1 and 10 as is_small
        from cells
    ),
    ranked_cells as (
        select
            block,
            cell,
            n,
            is_small,
            sum(if(is_small, 1, 0)) over (partition by block) as small_count,
            row_number() over (partition by block, is_small, n = 0 order by n, cell) as size_rank
        from sized_cells
    )
select
    block,
    cell,
    n,
    is_small or (small_count = 1 and size_rank = 1 and n > 0) as is_suppressed
from ranked_cells;
