# Transformer-XL: attention over a memory, by relative positions, written as its authors did.
import minitorch as torch
from minitorch import nn
from minitorch.nn import functional as F


class RelPartialLearnableMultiHeadAttn(nn.Module):
    def __init__(self, n_head, d_model, d_head, dropatt=0.1):
        super(RelPartialLearnableMultiHeadAttn, self).__init__()
        self.n_head, self.d_head, self.scale = n_head, d_head, 1 / (d_head**0.5)
        self.qkv_net = nn.Linear(d_model, 3 * n_head * d_head, bias=False)
        self.r_net = nn.Linear(d_model, n_head * d_head, bias=False)
        self.o_net = nn.Linear(n_head * d_head, d_model, bias=False)
        self.dropatt, self.layer_norm = nn.Dropout(dropatt), nn.LayerNorm(d_model)

    def _rel_shift(self, x):
        zero_pad = torch.zeros((x.size(0), 1, *x.size()[2:]), device=x.device, dtype=x.dtype)
        x_padded = torch.cat([zero_pad, x], dim=1)
        x_padded = x_padded.view(x.size(1) + 1, x.size(0), *x.size()[2:])
        return x_padded[1:].view_as(x)

    def forward(self, w, r, r_w_bias, r_r_bias, attn_mask, mems):
        qlen, rlen, bsz = w.size(0), r.size(0), w.size(1)
        cat = torch.cat([mems, w], 0)
        w_head_q, w_head_k, w_head_v = torch.chunk(self.qkv_net(cat), 3, dim=-1)
        r_head_k = self.r_net(r).view(rlen, self.n_head, self.d_head)
        w_head_q = w_head_q[-qlen:].view(qlen, bsz, self.n_head, self.d_head)
        w_head_k = w_head_k.view(cat.size(0), bsz, self.n_head, self.d_head)
        w_head_v = w_head_v.view(cat.size(0), bsz, self.n_head, self.d_head)
        AC = torch.einsum("ibnd,jbnd->ijbn", (w_head_q + r_w_bias, w_head_k))
        BD = self._rel_shift(torch.einsum("ibnd,jnd->ijbn", (w_head_q + r_r_bias, r_head_k)))
        attn_score = (AC + BD).mul_(self.scale)
        attn_score = attn_score.float().masked_fill(attn_mask, -float("inf")).type_as(attn_score)
        attn_prob = self.dropatt(F.softmax(attn_score, dim=1))
        attn_vec = torch.einsum("ijbn,jbnd->ibnd", (attn_prob, w_head_v)).contiguous()
        return self.layer_norm(w + self.o_net(attn_vec.view(qlen, bsz, self.n_head * self.d_head)))


n_head, d_model, d_head, qlen, mlen = 2, 16, 8, 6, 6
torch.manual_seed(3)
layer = RelPartialLearnableMultiHeadAttn(n_head, d_model, d_head)
embed, head = nn.Embedding(11, d_model), nn.Linear(d_model, 11)
r_w_bias, r_r_bias = (nn.Parameter(torch.zeros(n_head, d_head)) for _ in range(2))
inv_freq = 1 / (10000 ** (torch.arange(0.0, d_model, 2.0) / d_model))
sinusoid_inp = torch.outer(torch.arange(mlen + qlen - 1, -1, -1.0), inv_freq)
pos_emb = torch.cat([sinusoid_inp.sin(), sinusoid_inp.cos()], dim=-1)
params = [*layer.parameters(), *embed.parameters(), *head.parameters(), r_w_bias, r_r_bias]
optimizer = torch.optim.SGD(params, lr=0.1, momentum=0.9)
stream, losses = (torch.arange(4 * 121) * 7 % 11).view(-1, 4), []
mems = torch.zeros(mlen, 4, d_model)
for step in range(20):
    data, target = stream[step * qlen :][:qlen], stream[step * qlen + 1 :][:qlen]
    w = embed(data)
    mask = torch.triu(w.new_ones(qlen, mlen + qlen), diagonal=1 + mlen).bool()[:, :, None, None]
    logits = head(layer(w, pos_emb, r_w_bias, r_r_bias, mask, mems))
    loss = F.cross_entropy(logits.view(-1, logits.size(-1)), target.reshape(-1))
    optimizer.zero_grad(), loss.backward(), optimizer.step()
    mems = w.detach()
    losses.append(loss.item())
results = params
