# A small GPT: trained on a line of text, then sampled with a temperature and the top k.
import minitorch as torch
from minitorch import nn
from minitorch.nn import functional as F

text = "to be or not to be that is the question whether tis nobler in the mind to suffer " * 4
chars = sorted(set(text))
data = torch.tensor([chars.index(c) for c in text], dtype=torch.long)
device = "cuda" if torch.cuda.is_available() else "cpu"
T, C, n_head, vocab_size = 16, 32, 4, len(chars)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1, self.ln_2, self.drop = nn.LayerNorm(C), nn.LayerNorm(C), nn.Dropout(0.1)
        self.register_buffer("tril", torch.tril(torch.ones(T, T)))
        self.c_attn, self.c_proj = nn.Linear(C, 3 * C, bias=False), nn.Linear(C, C)
        self.mlp = nn.Sequential(nn.Linear(C, 4 * C), nn.GELU(), nn.Linear(4 * C, C))

    def forward(self, x):
        B, t, _ = x.shape
        qkv = self.c_attn(self.ln_1(x)).split(C, dim=2)
        q, k, v = (y.view(B, t, n_head, C // n_head).transpose(1, 2) for y in qkv)
        att = q @ k.transpose(-2, -1) * k.size(-1) ** -0.5
        att = F.softmax(att.masked_fill(self.tril[:t, :t] == 0, float("-inf")), dim=-1)
        x = x + self.c_proj((att @ v).transpose(1, 2).contiguous().view(B, t, C))
        return x + self.drop(self.mlp(self.ln_2(x)))


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocab_size, C), nn.Embedding(T, C)
        self.blocks = nn.Sequential(Block(), Block(), nn.LayerNorm(C))
        self.lm_head = nn.Linear(C, vocab_size)

    def forward(self, idx):
        pos = torch.arange(0, idx.size(1), dtype=torch.long, device=idx.device)
        return self.lm_head(self.blocks(self.wte(idx) + self.wpe(pos)))


torch.manual_seed(1337)
model, losses = GPT().to(device), []
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1)
for step in range(20):
    ix = torch.randint(len(data) - T, (8,))
    x, y = (torch.stack([data[i : i + T] for i in rows]).to(device) for rows in (ix, ix + 1))
    loss = F.cross_entropy(model(x).view(-1, vocab_size), y.view(-1))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step(), losses.append(loss.item())
model.eval()
with torch.no_grad():
    for _ in range(30):
        logits = model(x[:, -T:])[:, -1, :] / 0.8
        logits[logits < torch.topk(logits, 5)[0][:, [-1]]] = -float("Inf")
        x = torch.cat((x, torch.multinomial(F.softmax(logits, dim=-1), 1)), dim=1)
results = [x, *model.parameters()]
