"""Say of each open order how likely trouble is, when it will be at the door, and why."""
