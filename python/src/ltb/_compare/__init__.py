"""Whether a benchmark is worse than another, and what there is to show for it."""
