"""How the supervisor treats a part that does not stay up."""

from __future__ import annotations

import queue
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from doorstep.embedded.child import ChildFailed
from doorstep.settings import Settings
from doorstep.supervisor import Supervisor


class Broken:
    """A part that has ended and does not come up again."""

    name = "broken"
    child: Any = SimpleNamespace(exit_code=3)

    def start(self) -> object:
        raise ChildFailed("still broken")

    def stop(self) -> None:
        pass


def test_what_does_not_come_up_is_tried_again_with_pauses_that_grow_to_a_limit(tmp_path: Path) -> None:
    said: queue.Queue[str] = queue.Queue()
    settings = Settings(home=tmp_path, backoff_first_s=0.1, backoff_max_s=0.4)
    supervisor = Supervisor(settings, (), say=said.put)
    keeper = threading.Thread(target=supervisor._keep, args=(Broken(),))
    keeper.start()
    heard = [said.get(timeout=10) for _ in range(8)]
    supervisor.stop()
    keeper.join(10)
    assert not keeper.is_alive()
    assert heard[1::2] == ["broken: still broken"] * 4
    assert [line.split(" in ")[1] for line in heard[::2]] == ["0.1 s", "0.2 s", "0.4 s", "0.4 s"]
