"""What the PyTorch programs share: the limit on threads, and measuring by request."""

import json
import os
import sys
import time


def limit_threads(threads):
    """PyTorch's BLAS may have a pool of its own, which reads the environment once, when it is loaded."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    if any(os.environ.get(name) != str(threads) for name in names):
        os.environ.update({name: str(threads) for name in names})
        os.execv(sys.executable, [sys.executable] + sys.argv)


def least_time(run, threads, milliseconds=30):
    """The least mean time of a call in milliseconds, as bench/clock.ts takes it."""
    clock = time.process_time if threads == 1 else time.perf_counter

    def time_of(count):
        start = clock()
        for _ in range(count):
            run()
        return (clock() - start) * 1000

    count, spent = 1, time_of(1)
    while spent < 2:
        count *= 2
        spent = time_of(count)
    best = spent
    while spent < milliseconds:
        last = time_of(count)
        best = min(best, last)
        spent += last
    return best / count


def serve(prepare, threads):
    """Prints a line, then answers each request, a JSON list of what to prepare, with the milliseconds of one round."""
    print("{}", flush=True)
    last, runs = None, []
    for line in sys.stdin:
        request = json.loads(line)
        if request != last:
            last, runs = request, prepare(*request)
        print(min(least_time(run, threads) for run in runs), flush=True)
