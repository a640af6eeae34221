"""Times contractions in PyTorch: reads a JSON list of cases, prints a JSON list of milliseconds of processor time, one thread."""
import json
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
import torch
from torch.nn.functional import conv2d
from torch.nn.grad import conv2d_input, conv2d_weight

torch.set_num_threads(1)


def prepare(kind, *numbers):
    if kind == "product":
        m, k, n, left_transposed, right_transposed = numbers
        x = torch.rand(k, m).t() if left_transposed else torch.rand(m, k)
        y = torch.rand(n, k).t() if right_transposed else torch.rand(k, n)
        return lambda: x @ y
    batch, size, channels, filters, stride = numbers
    if kind == "input":
        channels, filters = filters, channels
    x = torch.rand(batch, channels, size, size)
    w = torch.rand(filters, channels, 3, 3)
    g = torch.rand(batch, filters, size // stride, size // stride)
    if kind == "forward":
        return lambda: conv2d(x, w, stride=stride, padding=1)
    if kind == "input":
        return lambda: conv2d_input(x.shape, w, g, stride=stride, padding=1)
    return lambda: conv2d_weight(x, w.shape, g, stride=stride, padding=1)


def measure(run):
    started = time.perf_counter()
    run()
    count = max(1, int(0.002 / (time.perf_counter() - started)))
    best, trials = float("inf"), 0
    while trials < 5 or time.perf_counter() < started + 0.2:
        start = time.process_time()
        for _ in range(count):
            run()
        best = min(best, (time.process_time() - start) / count)
        trials += 1
    return best * 1000


print(json.dumps([measure(prepare(*case)) for case in json.load(sys.stdin)]))
