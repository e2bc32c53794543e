"""The kinds of faults: each is a function that makes one, and judges what the tool did."""

import errno
import os
import shutil
import signal
import subprocess
import time

from .ground import Finding, LeftOut, Outcome

# Calls, and how they fail on machines of users.
CALLS = {
    "write": [errno.ENOSPC, errno.EIO],
    "fsync": [errno.EIO],
    "close": [errno.EIO],
    "rename": [errno.ENOSPC, errno.EIO],
    "open": [errno.EMFILE, errno.EACCES, errno.EIO],
    "read": [errno.EIO],
    "mmap": [errno.ENOMEM],
    "mkdir": [errno.ENOSPC],
    "unlink": [errno.EACCES],
    "ftruncate": [errno.EIO],
}


def killed(ground, subject):
    """SIGKILL at a random moment."""
    ground.lay(subject)
    process = ground.start(subject.arguments)
    time.sleep(ground.random.uniform(0, subject.seconds))
    process.kill()
    ground.check_sentence(ground.end(process), killed=True)
    ground.check_goes_on(subject)


def stopped(ground, subject):
    """SIGTERM, SIGHUP or SIGINT at a random moment."""
    ground.lay(subject)
    number = ground.random.choice([signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
    process = ground.start(subject.arguments)
    time.sleep(ground.random.uniform(0, subject.seconds))
    process.send_signal(number)
    outcome = ground.end(process)
    if outcome.code not in (0, 1, 128 + number, -number):
        raise Finding(f"exit code {outcome.code} after signal {number}: {outcome.errors[-300:]}")
    if outcome.code >= 0:
        ground.check_leftovers(subject)
    ground.check_goes_on(subject)


def failing_call(ground, subject):
    """A call on a file fails, now and then with all of its kind behind it."""
    call = ground.random.choice(list(CALLS))
    at = ground.random.choice([1, 1, 1, 2, 2, 3, 4, 6, 9, 14, 25])
    number = ground.random.choice(CALLS[call])
    nth_call_fails(ground, subject, call, at, number, stays=ground.random.random() < 0.3)


def nth_call_fails(ground, subject, call, at, number, stays):
    """The call of that number fails, and where it `stays` so do all of its kind behind it."""
    ground.lay(subject)
    environment = {
        "FAULT_CALL": call,
        "FAULT_AT": at,
        "FAULT_ERRNO": number,
        "FAULT_BELOW": str(ground.place),
    }
    if stays:
        environment["FAULT_STICKY"] = 1
    outcome = ground.run(subject.arguments, **environment)
    if not ground.failed_calls():
        raise LeftOut
    try:
        ground.check_sentence(outcome)
        if call == "unlink":
            # A checkpoint that cannot be removed is said, and stays.
            ground.check_goes_on(subject, ignoring="checkpoints")
        else:
            ground.check_leftovers(subject)
            ground.check_goes_on(subject)
    except Finding as finding:
        behind = " and all behind it" if stays else ""
        raise Finding(f"{call} {at}{behind}, error {number}: {finding}") from None


def full_disk(ground, subject):
    """A file system with room for some of the files only."""
    if os.geteuid() != 0:
        raise LeftOut
    ground.lay(subject)
    needed = sum(len(data) for data in subject.expected.values()) // 1024 + 8
    disk = ground.place / subject.after[0]
    kept = ground.folder / "kept"
    shutil.rmtree(kept, ignore_errors=True)
    if disk.exists():
        shutil.copytree(disk, kept)
    disk.mkdir(exist_ok=True)
    size = ground.random.randint(4, needed)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        raise LeftOut
    try:
        if kept.exists():
            try:
                shutil.copytree(kept, disk, dirs_exist_ok=True)
            except shutil.Error:
                raise LeftOut from None
        ground.check_sentence(ground.run(subject.arguments))
        ground.check_leftovers(subject)
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        ground.check_goes_on(subject)
    except Finding as finding:
        raise Finding(f"{size} KiB: {finding}") from None
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def inputs_change(ground, subject):
    """A file of the model or the data is shortened, replaced or removed under the process."""
    ground.lay(subject)
    if subject.name == "report":
        files = ["run/metrics.json", "run/history.jsonl"]
    else:
        files = ["model/model.safetensors", "model/tokenizer.json", "task/test.jsonl"]
    name = ground.random.choice(files)
    file, change = ground.place / name, ground.random.choice(["shortened", "replaced", "removed"])
    whole = file.read_bytes()
    process = ground.start(subject.arguments)
    time.sleep(ground.random.uniform(0, min(subject.seconds, 1.5)))
    if change == "removed":
        file.unlink()
    elif change == "shortened":
        os.truncate(file, ground.random.randrange(len(whole)))
    else:
        beside = ground.folder / "other"
        beside.write_bytes(ground.random.randbytes(len(whole)))
        beside.rename(file)
    try:
        outcome = ground.end(process)
        ground.check_sentence(outcome)
        file.write_bytes(whole)
        if change == "removed" and outcome.code == 0 and ground.lacks_test(subject):
            # Removed before it was looked for: a task without a test part is one, too.
            raise LeftOut
        ground.check_goes_on(subject)
    except Finding as finding:
        raise Finding(f"{name} {change}: {finding}") from None


def read_only(ground, subject):
    """The folder that the command writes to is another user's."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        raise LeftOut
    ground.lay(subject)
    ground.folder.chmod(0o755)
    nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    outcome = subprocess.run(
        nobody + [ground.tool] + subject.arguments,
        capture_output=True, text=True, timeout=120, cwd="/",
    )  # fmt: skip
    ground.check_sentence(Outcome(outcome.returncode, outcome.stdout, outcome.stderr))
    if outcome.returncode == 0:
        raise Finding("it ends with 0 and can have written nothing")
    ground.check_leftovers(subject)
    ground.check_goes_on(subject)


def twice(ground, subject):
    """Two processes do the same in one place."""
    ground.lay(subject)
    first = ground.start(subject.arguments)
    time.sleep(ground.random.choice([0, 0, ground.random.uniform(0, subject.seconds)]))
    second = ground.start(subject.arguments)
    outcomes = [ground.end(first), ground.end(second)]
    for outcome in outcomes:
        ground.check_sentence(outcome)
    if all(outcome.code != 0 for outcome in outcomes):
        raise Finding(f"neither ends well: {[outcome.sentences for outcome in outcomes]}")
    ground.check_leftovers(subject)
    ground.check_goes_on(subject)


def copied(ground, subject):
    """A folder is copied while the command works in it; the copy goes on."""
    if subject.name not in ("train", "compare"):
        raise LeftOut
    ground.lay(subject)
    folder = ground.place / subject.after[0]
    process = ground.start(subject.arguments)
    time.sleep(ground.random.uniform(0.2, 1) * subject.seconds)
    process.send_signal(signal.SIGSTOP)
    copy = ground.folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    if folder.exists():
        shutil.copytree(folder, copy)
    process.kill()
    ground.end(process)
    shutil.rmtree(folder, ignore_errors=True)
    if copy.exists():
        copy.rename(folder)
    ground.check_goes_on(subject)


def clock_back(ground, subject):
    """The wall clock goes back by a year."""
    ground.lay(subject)
    outcome = ground.run(subject.arguments, FAULT_CLOCK=365 * 86400)
    ground.check_sentence(outcome)
    if outcome.code != 0 or ground.contents(subject) != subject.expected:
        raise Finding(f"exit code {outcome.code}, or other bytes: {outcome.errors[-300:]}")


KINDS = {
    "kill": killed,
    "signal": stopped,
    "call": failing_call,
    "disk": full_disk,
    "inputs": inputs_change,
    "read-only": read_only,
    "twice": twice,
    "copy": copied,
    "clock": clock_back,
}
