"""Times single operations in PyTorch for `npm run bench -- elementwise | matmul | conv | networks`.

    python3 pytorch_operations.py THREADS

It answers requests such as ["tanh", 16384] or ["product", 64, 64, 64, false, true, 1] with milliseconds. Results go to a
tensor that is there already wherever PyTorch can; convolutions take the faster of both memory formats.
"""

import sys

from pytorch_common import limit_threads, serve

threads = int(sys.argv[1])
limit_threads(threads)

import torch  # noqa: E402
from torch.nn.functional import conv2d, layer_norm  # noqa: E402
from torch.nn.grad import conv2d_input, conv2d_weight  # noqa: E402

torch.set_num_threads(threads)
torch.set_grad_enabled(False)


def chain(elements, steps):
    x, y, room = torch.zeros(elements), torch.randn(elements), torch.empty(elements)

    def run():
        for _ in range(steps):
            torch.add(x, y, out=room)
            room.mul_(0.5).sub_(y).mul_(0.25).add_(1.5).mul_(y).sub_(x)
            torch.add(room.clamp_(min=0).mul_(0.25), y, out=x)

    return run


def adam(elements, steps):
    weights = torch.zeros(elements, requires_grad=True)
    weights.grad = torch.randn(elements)
    step = torch.optim.Adam([weights], lr=1e-3, eps=1e-7).step

    def run():
        for _ in range(steps):
            step()

    return run


def into_room(function):
    def prepare(*shape):
        x, out = torch.randn(shape), torch.empty(shape)
        return lambda: function(x, out=out)

    return prepare


def softmax(*shape):
    x, out = torch.randn(shape), torch.empty(shape)
    return lambda: torch._softmax(x, 1, False, out=out)


def normalize(*shape):
    x = torch.randn(shape)
    return lambda: layer_norm(x, shape[1:])


def sum_over(axis):
    def prepare(*shape):
        x, out = torch.randn(shape), torch.empty(shape[1 - axis])
        return lambda: torch.sum(x, axis, out=out)

    return prepare


def product(m, k, n, left_transposed, right_transposed, links):
    x = torch.randn(k, m) if left_transposed else torch.randn(m, k)
    matrices = [torch.randn((n, k) if right_transposed else (k, n)) * k**-0.5 for _ in range(links)]
    rooms = [torch.empty(m, n), torch.empty(m, n)]

    def run():
        z = x
        for i, matrix in enumerate(matrices):
            left = z.t() if left_transposed else z
            z = torch.mm(left, matrix.t() if right_transposed else matrix, out=rooms[i % 2])

    return run


def convolution(kind):
    def prepare(batch, size, channels, filters, stride):
        return [
            convolution_in(kind, memory_format, batch, size, channels, filters, stride)
            for memory_format in (torch.contiguous_format, torch.channels_last)
        ]

    return prepare


def convolution_in(kind, memory_format, batch, size, channels, filters, stride):
    def random(*shape):
        return torch.randn(shape).contiguous(memory_format=memory_format)

    x = random(batch, channels, size, size)
    w = random(filters, channels, 3, 3)
    g = random(batch, filters, size // stride, size // stride)
    if kind == "forward":
        return lambda: conv2d(x, w, stride=stride, padding=1)
    if kind == "input":
        return lambda: conv2d_input(x.shape, w, g, stride=stride, padding=1)
    return lambda: conv2d_weight(x, w.shape, g, stride=stride, padding=1)


OPERATIONS = {
    "chain": chain,
    "adam": adam,
    "tanh": into_room(torch.tanh),
    "exp": into_room(torch.exp),
    "gelu": into_room(torch._C._nn.gelu),
    "softmax-10": softmax,
    "softmax-1000": softmax,
    "normalize-1000": normalize,
    "rows-1000": sum_over(1),
    "columns-1000": sum_over(0),
    "product": product,
    "forward": convolution("forward"),
    "input": convolution("input"),
    "kernel": convolution("kernel"),
}


def prepare(kind, *numbers):
    prepared = OPERATIONS[kind](*numbers)
    return prepared if isinstance(prepared, list) else [prepared]


serve(prepare, threads)
