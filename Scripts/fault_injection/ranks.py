"""Two ranks: one is killed, stopped or slowed, and strangers come to the port where they meet."""

import shutil
import signal
import socket
import threading
import time

from .ground import Finding

WORLD = 2
TIMEOUT = 8


class Ranks:
    """A run of two ranks, made once without a fault; its bytes are what all others must reach."""

    def __init__(self, ground):
        self.ground = ground
        self.arguments = [
            "train", "--resume", "--output", f"{ground.place}/run", "--steps", "60",
            "--rank-timeout", TIMEOUT,
        ] + ground.settings  # fmt: skip
        self.subject = next(s for s in ground.subjects if s.name == "train")
        ground.lay(self.subject)
        start = time.monotonic()
        outcomes = self.end(self.start(free_port()))
        self.seconds = time.monotonic() - start
        self.works = all(outcome.code == 0 for outcome in outcomes)
        self.reason = outcomes[0].errors.strip()
        self.expected = ground.contents(self.subject)

    def start(self, port, others=()):
        return [
            self.ground.start(
                self.arguments + (list(others) if rank else []),
                RANK=rank, WORLD_SIZE=WORLD, MASTER_ADDR="127.0.0.1", MASTER_PORT=port,
            )
            for rank in range(WORLD)
        ]  # fmt: skip

    def end(self, processes):
        return [self.ground.end(process) for process in processes]

    def check(self, outcomes, killed=None):
        for rank, outcome in enumerate(outcomes):
            self.ground.check_sentence(outcome, killed=rank == killed)
        again = self.end(self.start(free_port()))
        if any(outcome.code != 0 for outcome in again):
            raise Finding(f"they do not go on: {again[0].errors.strip()[-300:]}")
        if self.ground.contents(self.subject) != self.expected:
            raise Finding("going on ends in other bytes")

    def moment(self):
        return self.ground.random.uniform(0.05, 1) * self.seconds


def one_is_killed(ranks):
    ranks.ground.lay(ranks.subject)
    processes = ranks.start(free_port())
    time.sleep(ranks.moment())
    rank = ranks.ground.random.randrange(WORLD)
    processes[rank].kill()
    ranks.check(ranks.end(processes), killed=rank)


def one_stands_still(ranks):
    """Longer than the timeout: the other ends with a sentence, and so does it when it wakes."""
    ranks.ground.lay(ranks.subject)
    processes = ranks.start(free_port())
    time.sleep(ranks.moment())
    rank = ranks.ground.random.randrange(WORLD)
    processes[rank].send_signal(signal.SIGSTOP)
    other = ranks.ground.end(processes[1 - rank], patience=TIMEOUT + 60)
    processes[rank].send_signal(signal.SIGCONT)
    ranks.check([other, ranks.ground.end(processes[rank])])


def one_is_slow(ranks):
    """Shorter than the timeout, again and again: nothing happens but that it takes longer."""
    ranks.ground.lay(ranks.subject)
    processes = ranks.start(free_port())
    slow = processes[ranks.ground.random.randrange(WORLD)]
    while slow.poll() is None:
        slow.send_signal(signal.SIGSTOP)
        time.sleep(0.2)
        slow.send_signal(signal.SIGCONT)
        time.sleep(0.2)
    outcomes = ranks.end(processes)
    if any(outcome.code != 0 for outcome in outcomes):
        raise Finding(f"a slow rank ends them: {outcomes[0].errors.strip()[-300:]}")
    ranks.check(outcomes)


def strangers(ranks):
    """Connections with garbage on the port of the store, before and while the ranks use it."""
    ranks.ground.lay(ranks.subject)
    port, generator, ended = free_port(), ranks.ground.random, threading.Event()
    texts = [generator.randbytes(generator.randint(0, 300)) for _ in range(50)]

    def knock():
        while not ended.is_set():
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1) as stranger:
                    stranger.sendall(generator.choice(texts))
            except OSError:
                pass
            time.sleep(0.02)

    thread = threading.Thread(target=knock, daemon=True)
    thread.start()
    try:
        outcomes = ranks.end(ranks.start(port))
    finally:
        ended.set()
        thread.join()
    ranks.check(outcomes)


def a_rank_of_another_run(ranks):
    """One that was started with another seed is refused by name, and nothing is written."""
    ranks.ground.lay(ranks.subject)
    outcomes = ranks.end(ranks.start(free_port(), others=["--seed", "5"]))
    if any(outcome.code != 1 or "seed" not in outcome.errors for outcome in outcomes):
        raise Finding(f"it is not refused by name: {[outcome.errors for outcome in outcomes]}")
    ranks.check(outcomes)


def a_third_rank(ranks):
    """A second process with the number of a rank that is there already."""
    ranks.ground.lay(ranks.subject)
    port = free_port()
    processes = ranks.start(port)
    time.sleep(ranks.moment())
    third = ranks.ground.start(
        ranks.arguments[:2] + ["--output", f"{ranks.ground.place}/third"] + ranks.arguments[4:],
        RANK=1, WORLD_SIZE=WORLD, MASTER_ADDR="127.0.0.1", MASTER_PORT=port,
    )  # fmt: skip
    outcomes = ranks.end(processes)
    ranks.ground.check_sentence(ranks.ground.end(third, patience=TIMEOUT + 60))
    shutil.rmtree(ranks.ground.place / "third", ignore_errors=True)
    ranks.check(outcomes)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


KINDS = {
    "killed": one_is_killed,
    "stopped": one_stands_still,
    "slow": one_is_slow,
    "strangers": strangers,
    "another run": a_rank_of_another_run,
    "twice": a_third_rank,
}
