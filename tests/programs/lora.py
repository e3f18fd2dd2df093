# LoRA: a network is frozen, small matrices beside its layers learn another task and are merged.
import copy
import math

import minitorch as torch
from minitorch import nn
from minitorch.nn import functional as F


class LoRALinear(nn.Module):
    def __init__(self, linear, r=4, lora_alpha=8, lora_dropout=0.05):
        super().__init__()
        self.linear, self.scaling = linear, lora_alpha / r
        self.lora_A = nn.Parameter(torch.zeros((r, linear.in_features)))
        self.lora_B = nn.Parameter(torch.zeros((linear.out_features, r)))
        self.lora_dropout = nn.Dropout(p=lora_dropout)
        nn.init.kaiming_uniform_(self.lora_A, a=math.sqrt(5))

    def forward(self, x):
        return self.linear(x) + self.lora_dropout(x) @ self.lora_A.T @ self.lora_B.T * self.scaling

    def merge(self):
        self.linear.weight.data += (self.lora_B @ self.lora_A) * self.scaling
        return self.linear


def inject_lora(module):
    for name, child in module.named_children():
        if isinstance(child, nn.Linear):
            setattr(module, name, LoRALinear(child))
        else:
            inject_lora(child)


def train(model, x, y, steps, lr):
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=lr)
    for _ in range(steps):
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())


torch.manual_seed(42)
x, losses = torch.randn(64, 10), []
block = nn.Sequential(nn.Linear(32, 32), nn.ReLU())
model = nn.Sequential(nn.Linear(10, 32), nn.Tanh(), block, nn.Linear(32, 3))
train(model, x, (x[:, 0] > 0).long() + (x[:, 1] > 0).long(), steps=10, lr=1e-2)
before = copy.deepcopy(model.state_dict())
for param in model.parameters():
    param.requires_grad = False
inject_lora(model)
train(model, x, (x[:, 2] > 0).long(), steps=20, lr=1e-2)
model.eval()
assert torch.equal(model[0].linear.weight, before["0.weight"])
tuned = model(x)
model[0], model[2][0], model[3] = model[0].merge(), model[2][0].merge(), model[3].merge()
assert torch.allclose(model(x), tuned, atol=1e-5)
results = [tuned, *model.state_dict().values()]
