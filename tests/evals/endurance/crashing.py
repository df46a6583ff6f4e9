"""A process that looks into knowledge bases and is killed at each look."""

import os
import signal

from toolshed_evals.endurance import damage

if __name__ == "__main__":
    damage._look = lambda _: os.kill(os.getpid(), signal.SIGKILL)
    damage.main()
