# A language model with tied embeddings, and an exponential moving average of its weights.
from copy import deepcopy

import minitorch as torch
from minitorch import nn
from minitorch.nn import functional as F


class RNNModel(nn.Module):
    def __init__(self, ntoken, ninp, tie_weights=True):
        super(RNNModel, self).__init__()
        self.drop, self.encoder = nn.Dropout(0.2), nn.Embedding(ntoken, ninp)
        self.i2h, self.h2h = nn.Linear(ninp, ninp), nn.Linear(ninp, ninp, bias=False)
        self.decoder = nn.Linear(ninp, ntoken)
        if tie_weights:
            self.decoder.weight = self.encoder.weight
        self.init_weights()

    def init_weights(self):
        nn.init.uniform_(self.encoder.weight, -0.1, 0.1)
        nn.init.zeros_(self.decoder.bias)

    def forward(self, input, hidden):
        output = []
        for emb in self.drop(self.encoder(input)):  # (seq, batch, ninp)
            hidden = torch.tanh(self.i2h(emb) + self.h2h(hidden))
            output.append(hidden)
        return F.log_softmax(self.decoder(self.drop(torch.stack(output))), dim=-1), hidden


class EMA:
    def __init__(self, model, decay):
        self.module, self.decay = deepcopy(model).eval(), decay
        for p in self.module.parameters():
            p.requires_grad_(False)

    @torch.no_grad()
    def update(self, model):
        for ema_v, model_v in zip(self.module.state_dict().values(), model.state_dict().values()):
            ema_v.copy_(self.decay * ema_v + (1.0 - self.decay) * model_v)


torch.manual_seed(1111)
ntoken, losses = 12, []
model = RNNModel(ntoken, 16)
ema = EMA(model, decay=0.9)
optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9, nesterov=True)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20)
data, hidden = torch.arange(20 * 5 * 4 + 4).view(-1, 4) % ntoken, torch.zeros(4, 16)
for i in range(0, 100, 5):
    hidden = hidden.detach()
    output, hidden = model(data[i : i + 5], hidden)
    loss = F.nll_loss(output.view(-1, ntoken), data[i + 1 : i + 6].reshape(-1))
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 0.25)
    optimizer.step(), scheduler.step(), ema.update(model)
    losses.append(loss.item())
assert ema.module.decoder.weight is ema.module.encoder.weight and len(list(model.parameters())) == 5
results = [*model.state_dict().values(), *ema.module.parameters(), scheduler.get_last_lr()[0]]
