#!/usr/bin/env python3
"""The standard training steps in PyTorch, to be run side by side with `npm run bench -- steps`.

    python3 pytorch_steps.py [--threads N] [--only mlp,cnn] [--json | --paced]

One step is forward, loss, backward, update on one fixed batch, with the loss read back. A figure is the
minimum over five rounds of the mean step time; every round starts from a fresh model, so that no round
trains long enough for vanishing moments (subnormal numbers are slow) to distort it.
"""

import argparse
import json
import sys
import time

from pytorch_common import limit_threads


def arguments():
    parser = argparse.ArgumentParser(description="The standard training steps in PyTorch.")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", default="", help="names of steps, separated by commas")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument(
        "--paced",
        action="store_true",
        help="prints what is known after the preparation and after each round, as JSON, and waits there for a line",
    )
    return parser.parse_args()


options = arguments()
limit_threads(options.threads)

import torch  # noqa: E402
from pytorch_models import LastOutput, cnn, dense  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

torch.set_num_threads(options.threads)

ROUNDS = 5
ROUND_SECONDS = 0.6
WARM_UP = 5


def adam(parameters):
    return torch.optim.Adam(parameters, lr=1e-3, eps=1e-7)


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=0.03)


def exclusive_or(x):
    return (x[:, :1] * x[:, 1:] > 0).float()


def digits(x):
    return torch.randint(10, (len(x),))


# name: (model, shape of the batch, targets, loss, optimizer)
STEPS = {
    "playground": (
        lambda: dense(2, 8, 8, 1, activation=nn.Tanh), (32, 2), exclusive_or,
        F.binary_cross_entropy_with_logits, sgd,
    ),
    "mlp": (
        lambda: dense(784, 128, 10, activation=nn.ReLU), (128, 784), digits, F.cross_entropy, adam,
    ),
    "mlp-wide": (
        lambda: dense(784, 1024, 1024, 10, activation=nn.ReLU), (256, 784), digits, F.cross_entropy, adam,
    ),
    "cnn": (cnn, (64, 1, 28, 28), digits, F.cross_entropy, adam),
    "lstm": (lambda: LastOutput(28, 128, 10), (64, 28, 28), digits, F.cross_entropy, adam),
}  # fmt: skip


def prepare(name):
    """A function that makes one training step and returns its loss as a number."""
    build, shape, make_targets, loss_of, make_optimizer = STEPS[name]
    torch.manual_seed(0)
    inputs = torch.randn(shape)
    targets = make_targets(inputs)
    model = build()
    optimizer = make_optimizer(model.parameters())

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model(inputs), targets)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def mean_time(step, count):
    start = time.perf_counter()
    for _ in range(count):
        step()
    return (time.perf_counter() - start) / count


def steps_per_round(step):
    count = 1
    while True:
        seconds = mean_time(step, count) * count
        if seconds >= ROUND_SECONDS / 4:
            return max(3, round(count * ROUND_SECONDS / seconds))
        count *= 2


def measure(name):
    """Yields the result so far: after the preparation, without a time, and after each round."""
    step = prepare(name)
    losses = [step() for _ in range(50)]
    count = steps_per_round(step)
    times = []
    for round_number in range(ROUNDS + 1):
        if round_number > 0:
            step = prepare(name)
            mean_time(step, WARM_UP)
            times.append(mean_time(step, count))
        yield {
            "step": name,
            "device": "pytorch",
            "threads": options.threads,
            "ms": float(f"{min(times) * 1e3:.4g}") if times else None,
            "compileMs": 0,
            "loss0": losses[0],
            "loss50": losses[49],
        }


def as_json(result):
    return json.dumps(result, separators=(",", ":"))


def main():
    names = [name for name in options.only.split(",") if name] or list(STEPS)
    unknown = [name for name in names if name not in STEPS]
    if unknown:
        sys.exit(f"no step {', '.join(unknown)}; there are {', '.join(STEPS)}")
    for name in names:
        for result in measure(name):
            if options.paced:
                print(as_json(result), flush=True)
                if not sys.stdin.readline():
                    return
        if options.json:
            print(as_json(result), flush=True)
        elif not options.paced:
            print(
                f"{name:<12} {result['ms']:>9.4g} ms  loss {result['loss0']:.4f} -> {result['loss50']:.4f}",
                flush=True,
            )


main()
