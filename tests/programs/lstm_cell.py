# An LSTM from primitives: it adds up numbers in a sequence that a second channel marks.
import math

import minitorch as torch
from minitorch import nn


class LSTMCell(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.hidden_size = hidden_size
        self.weight_ih = nn.Parameter(torch.empty(4 * hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.empty(4 * hidden_size, hidden_size))
        self.bias = nn.Parameter(torch.empty(4 * hidden_size))
        stdv = 1.0 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            weight.data.uniform_(-stdv, stdv)
        self.bias.data[self.hidden_size : 2 * self.hidden_size].fill_(1)

    def forward(self, x, state):
        hx, cx = state
        gates = torch.mm(x, self.weight_ih.t()) + torch.mm(hx, self.weight_hh.t()) + self.bias
        ingate, forgetgate, cellgate, outgate = gates.chunk(4, 1)
        ingate, forgetgate, outgate = map(torch.sigmoid, (ingate, forgetgate, outgate))
        cy = (forgetgate * cx) + (ingate * torch.tanh(cellgate))
        return outgate * torch.tanh(cy), cy


class Adder(nn.Module):
    def __init__(self, hidden_size=24):
        super().__init__()
        self.cell, self.fc = LSTMCell(2, hidden_size), nn.Linear(hidden_size, 1)

    def forward(self, x):
        h = x.new_zeros(x.size(0), self.cell.hidden_size)
        c, outputs = torch.zeros_like(h), []
        for x_t in x.unbind(dim=1):
            h, c = self.cell(x_t, (h, c))
            outputs += [h]
        outputs = torch.stack(outputs, dim=1)
        return self.fc(outputs[:, -1]).squeeze(-1)


torch.manual_seed(0)
model, criterion = Adder(), nn.MSELoss()
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.003)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=8, gamma=0.5)
losses = []
for _ in range(20):
    x = torch.rand(16, 10, 2)
    x[..., 1] = (x[..., 1] > 0.7).float()
    y = (x[..., 0] * x[..., 1]).sum(dim=1)
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1)
    optimizer.step()
    scheduler.step()
    losses.append(loss.item())
results = list(model.state_dict().values())
