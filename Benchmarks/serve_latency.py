#!/usr/bin/env python3
"""Latency and throughput of a running `varlora serve`, with one yes-or-no question a request.

Usage: serve_latency.py PORT MODEL [CONNECTIONS] [REQUESTS]

Every request has another state of some 100 tokens, so that nothing is shared. Prints the requests a
second, and the median and the 99th percentile of a request's time."""

import http.client
import json
import sys
import threading
import time

WORDS = "the card I ordered two weeks ago has not arrived and nobody answers my letters".split()
QUESTION = "Does the writer complain?"


def state(number):
    words = [WORDS[(number * 7 + i * (1 + number % 5)) % len(WORDS)] for i in range(84)]
    return f"Letter {number}: {' '.join(words)}."


def body(model, number):
    questions = {"complains": {"type": "noul", "instructions": QUESTION}}
    return json.dumps({"model": model, "state": state(number), "questions": questions})


def measure(port, model, connections, requests):
    """Requests a second, and the median and 99th percentile of a request's seconds."""
    seconds, tokens, numbers, lock = [], set(), iter(range(requests)), threading.Lock()

    def client():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            start = time.perf_counter()
            connection.request("POST", "/v1/systemone", body(model, number))
            response = connection.getresponse()
            answer = json.loads(response.read())
            assert response.status == 200, answer
            with lock:
                seconds.append(time.perf_counter() - start)
                tokens.add(answer["usage"]["input_tokens"])

    threads = [threading.Thread(target=client) for _ in range(connections)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = requests / (time.perf_counter() - start)
    seconds.sort()
    return {
        "rate": rate,
        "median": seconds[len(seconds) // 2],
        "high": seconds[int(len(seconds) * 0.99)],
        "tokens": f"{min(tokens)}-{max(tokens)}",
    }


def main(port, model, connections, requests):
    found = measure(port, model, connections, requests)
    print(
        f"{model}, {connections} connections, {found['tokens']} tokens: "
        f"{found['rate']:.2f} requests/s, median {found['median'] * 1000:.0f} ms, "
        f"99% {found['high'] * 1000:.0f} ms"
    )


if __name__ == "__main__":
    port, model, *counts = sys.argv[1:]
    connections, requests = [int(n) for n in counts] if counts else (1, 30)
    main(int(port), model, connections, requests)
