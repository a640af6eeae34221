"""Times the networks of the standard steps without training in PyTorch, for `npm run bench -- inference`.

    python3 pytorch_inference.py THREADS DIRECTORY

It writes the networks to DIRECTORY as NAME.onnx, then answers requests such as ["mlp", [128, 784]] with milliseconds.
"""

import sys

from pytorch_common import limit_threads, serve

threads, directory = int(sys.argv[1]), sys.argv[2]
limit_threads(threads)

import torch  # noqa: E402
from pytorch_models import cnn, dense  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(threads)

NETWORKS = {
    "mlp": (lambda: dense(784, 128, 10, activation=nn.ReLU), (784,)),
    "mlp-wide": (lambda: dense(784, 1024, 1024, 10, activation=nn.ReLU), (784,)),
    "cnn": (cnn, (1, 28, 28)),
}

models = {}
for name, (build, shape) in NETWORKS.items():
    model = nn.Sequential(build(), nn.Softmax(1)).eval()
    models[name] = model
    torch.onnx.export(
        model, torch.randn(1, *shape), f"{directory}/{name}.onnx",
        input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "batch"}, "y": {0: "batch"}},
    )  # fmt: skip
torch.set_grad_enabled(False)


def prepare(name, shape):
    x = torch.randn(shape)
    return [lambda: models[name](x)]


serve(prepare, threads)
