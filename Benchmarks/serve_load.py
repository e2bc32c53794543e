#!/usr/bin/env python3
"""Asks a running `varlora serve` rows of questions, in random order, and compares every answer.

Usage: serve_load.py ADDRESS MODEL ROWS PREDICTIONS [REQUESTS] [CONNECTIONS] [PID]

ROWS are lines of {"state": ..., "questions": {ID: ...}} with one question each, and PREDICTIONS
what `varlora predict` writes for them. Fails where a request is not answered, or not with the
probabilities of its row. With the server's process id it also fails where its resident memory grows
by more than 5% from the first tenth of the requests to the last."""

import http.client
import json
import random
import sys
import threading
import time
import urllib.parse

TOLERANCE = 1e-4
GROWTH = 1.05


def probabilities(answer):
    if answer["type"] == "noul":
        return [1 - answer["noul"], answer["noul"]]
    return list(answer["probabilities"].values())


def resident(pid):
    """Bytes of memory that a process holds."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS"))


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def main(address, model, rows, predictions, requests="10000", connections="32", pid=None):
    address, requests = urllib.parse.urlsplit(address), int(requests)
    rows, expected = read(rows), [row["probabilities"] for row in read(predictions)]
    order = random.Random(1).choices(range(len(rows)), k=requests)
    lock, seconds, faults, worst, memory = threading.Lock(), [], [], [0.0], []
    numbers = iter(order)

    def client():
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=600)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            start = time.perf_counter()
            connection.request("POST", "/v1/systemone", json.dumps({"model": model} | rows[number]))
            response = connection.getresponse()
            body = json.loads(response.read())
            with lock:
                seconds.append(time.perf_counter() - start)
                if pid and len(seconds) in (requests // 10, requests):
                    memory.append(resident(pid))
                if response.status != 200:
                    faults.append(f"row {number + 1}: {response.status}, {body}")
                    continue
                (answer,) = body["answers"].values()
                pairs = list(zip(probabilities(answer), expected[number], strict=True))
                difference = max(abs(one - other) for one, other in pairs)
                worst[0] = max(worst[0], difference)
                if difference > TOLERANCE:
                    faults.append(f"row {number + 1}: {pairs}")

    threads = [threading.Thread(target=client) for _ in range(int(connections))]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = requests / (time.perf_counter() - start)
    seconds.sort()
    print(
        f"{len(seconds)} of {requests} requests of {len(rows)} rows answered from {connections} "
        f"connections, {len(faults)} wrong, largest difference {worst[0]:.1e}; "
        f"{rate:.0f} a second, median {seconds[len(seconds) // 2] * 1e3:.0f} ms"
    )
    if memory:
        print(f"resident memory {memory[0] / 1e6:.0f} MB, in the end {memory[1] / 1e6:.0f} MB")
        if memory[1] > memory[0] * GROWTH:
            faults.append("the memory grew")
    if faults or len(seconds) != requests:
        sys.exit("\n".join(faults[:5]) or "requests were lost")


if __name__ == "__main__":
    main(*sys.argv[1:])
