"""The reference of training-step.ts: the same network and training step in PyTorch, on the CPU. One measurement for each line on stdin."""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional

BATCH, SIZE, CLASSES = 64, 48, 8


def conv_norm(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs))


class Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = conv_norm(inputs, outputs, 3, stride)
        self.second = conv_norm(outputs, outputs, 3, 1)
        self.shortcut = nn.Identity() if stride == 1 else conv_norm(inputs, outputs, 1, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.relu(self.second(functional.relu(self.first(x))) + self.shortcut(x))


class CompactResidualNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = conv_norm(1, 24, 3, 2)
        self.stages = nn.Sequential(Block(24, 24, 1), Block(24, 48, 2), Block(48, 96, 2))
        self.logits = nn.Linear(96, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # [B, 1, 48, 48] -> [B, 8]
        return self.logits(self.stages(functional.relu(self.stem(x))).mean((2, 3)))


def main() -> None:
    net = CompactResidualNet().train()
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    images, labels = torch.randn(BATCH, 1, SIZE, SIZE), torch.arange(BATCH) % CLASSES

    def step() -> None:
        optimizer.zero_grad()
        loss = functional.cross_entropy(net(images), labels)
        loss.backward()
        optimizer.step()
        loss.item()

    for _ in range(3):
        step()
    print(json.dumps(f"PyTorch {torch.__version__} on CPU, {torch.get_num_threads()} threads"), flush=True)
    for _ in sys.stdin:
        done, begin, cpu = 0, time.perf_counter(), time.process_time()
        while time.perf_counter() - begin < 2:
            step()
            done += BATCH
        seconds, used = time.perf_counter() - begin, time.process_time() - cpu
        print(json.dumps({"imagesPerSecond": done / seconds, "imagesPerCpuSecond": done / used}), flush=True)


main()
