"""A small stack for the supervisor to keep: one part that obeys, one that hangs, one that ends by itself."""

import sys
from functools import partial
from pathlib import Path

from app.dev.process import Child, Part
from app.dev.supervisor import run

FOLDER = Path(sys.argv[1])
OBEDIENT = "import time; time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
CHATTY = "import sys\nwhile True: print('ERROR ' + 'x' * 200)"


class Toys:
    def __init__(self, voice, *, slow=False, chatty=False):
        self.voice, self.slow, self.chatty = voice, slow, chatty

    def steps(self):
        yield self.part("sandbox", OBEDIENT)
        yield self.part("worker", DEAF)
        if self.slow:
            yield self.wait_for_ever
        if self.chatty:
            yield self.part("crm", CHATTY)
        yield self.say_ready

    def part(self, name, program):
        child = Child(name, [sys.executable, "-c", program], log=FOLDER / f"{name}.log", grace=0.3)
        start = partial(self.start, child)
        return Part(name, child, start, partial(self.stop, child), ends=-len(name))

    def start(self, child, *, ended):
        child.start(heard=partial(self.voice.repeat, child.name), ended=ended)
        (FOLDER / f"{child.name}.pid").write_text(str(child.pid))

    def stop(self, child):
        child.stop()
        with (FOLDER / "ended").open("a") as order:
            order.write(f"{child.name}\n")

    def wait_for_ever(self, heed):
        (FOLDER / "ready").touch()
        while True:
            heed()

    def say_ready(self, _heed):
        (FOLDER / "ready").touch()

    def withdraw(self):
        (FOLDER / "ready").unlink(missing_ok=True)


if __name__ == "__main__":
    options = dict.fromkeys(sys.argv[2:], True)
    sys.exit(run(lambda voice: Toys(voice, **options), folder=FOLDER))
