# word2vec: skip-gram with negative sampling.
from collections import Counter

import minitorch as torch
from minitorch import nn, optim
from minitorch.nn import functional as F

corpus = """the king rules the land and the queen rules the land the king loves the queen the dog
chases the cat the cat chases a mouse a king is a man and a queen a woman man has a dog""".split()
counts = Counter(corpus)
vocab = sorted(counts, key=counts.get, reverse=True)
word2idx = {w: i for i, w in enumerate(vocab)}
freqs = torch.FloatTensor([counts[w] for w in vocab])
noise_dist = freqs**0.75 / torch.sum(freqs**0.75)
n_samples = 5
pairs = [(word2idx[a], word2idx[b]) for a, b in zip(corpus, corpus[1:])]
pairs = (pairs + [(b, a) for a, b in pairs]) * 4


class SkipGramNeg(nn.Module):
    def __init__(self, n_vocab, n_embed):
        super().__init__()
        self.in_embed = nn.Embedding(n_vocab, n_embed)
        self.out_embed = nn.Embedding(n_vocab, n_embed)
        self.in_embed.weight.data.uniform_(-0.5 / n_embed, 0.5 / n_embed)
        self.out_embed.weight.data.uniform_(-1, 1)

    def forward(self, center, context, noise):
        v = self.in_embed(center).unsqueeze(2)  # (batch, embed, 1)
        out_loss = F.logsigmoid(torch.bmm(self.out_embed(context).unsqueeze(1), v)).squeeze()
        noise_loss = F.logsigmoid(torch.bmm(self.out_embed(noise).neg(), v)).squeeze(2).sum(1)
        return -(out_loss + noise_loss).mean()


def cosine_similarity(embedding, words):
    """Each of the words beside the whole vocabulary."""
    embed_vectors = embedding.weight
    magnitudes = embed_vectors.pow(2).sum(dim=1).sqrt().unsqueeze(0)
    valid_vectors = embedding(words)
    magnitudes = magnitudes * valid_vectors.norm(dim=1, keepdim=True)
    return torch.mm(valid_vectors, embed_vectors.t()) / magnitudes


device = "cuda" if torch.cuda.is_available() else "cpu"
model = SkipGramNeg(len(vocab), 16).to(device)
optimizer = optim.Adam(model.parameters(), lr=0.01)
losses = []
for step in range(20):
    batch = torch.tensor(pairs[step * 8 : step * 8 + 24], dtype=torch.long).to(device)
    center, context = batch[:, 0], batch[:, 1]
    noise = torch.multinomial(noise_dist, len(batch) * n_samples, replacement=True).to(device)
    loss = model(center, context, noise.view(len(batch), n_samples))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
examples = torch.LongTensor([word2idx[w] for w in ("king", "queen", "dog")])
sims = cosine_similarity(model.in_embed, examples.to(device))
closest_sims, closest = sims.topk(4)
results = [sims, closest_sims, closest, F.normalize(model.in_embed.weight, dim=1)]
