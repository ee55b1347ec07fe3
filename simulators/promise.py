"""What the company promises its customers, as the company itself would put it: the yardstick of the truth.

Stated here once more on purpose: whoever judges by other thresholds disagrees with the truth, and the score shows it.
"""

from __future__ import annotations

from simulators.phone import MINUTE_MS

LATE_MS = 10 * MINUTE_MS
"""Nobody there so long after the window: late."""
NO_SHOW_MS = 30 * MINUTE_MS
"""Nobody there so long after the window: missed."""
AWAY_MS = 5 * MINUTE_MS
"""Off the site without a word for so long: left."""
OVER_MS = 30 * MINUTE_MS
"""Off the site for so long: the visit is over."""
WATCHED_MS = 60 * MINUTE_MS
"""So long before the window somebody wants to hear of the worker."""
SILENT_MOVING_MS = 10 * MINUTE_MS
SILENT_RESTING_MS = 40 * MINUTE_MS
"""So long without news, on the way or not yet: silent."""
