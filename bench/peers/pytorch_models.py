"""The networks of the standard steps in PyTorch."""

from torch import nn


class LastOutput(nn.Module):
    """LSTM over the rows of an image, then a dense layer on the last output."""

    def __init__(self, inputs, units, outputs):
        super().__init__()
        self.lstm = nn.LSTM(inputs, units, batch_first=True)
        self.output = nn.Linear(units, outputs)

    def forward(self, x):
        return self.output(self.lstm(x)[0][:, -1])


def dense(*sizes, activation):
    layers = []
    for before, after in zip(sizes, sizes[1:]):
        layers += [nn.Linear(before, after), activation()]
    return nn.Sequential(*layers[:-1])


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 7 * 7, 128), nn.ReLU(inplace=True), nn.Linear(128, 10),
    )  # fmt: skip
