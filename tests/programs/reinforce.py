# REINFORCE: a policy learns to balance a pole on a cart.
from collections import deque
from math import cos, sin

import minitorch as torch
from minitorch import nn, optim
from minitorch.distributions import Categorical
from minitorch.nn import functional as F


class CartPole:
    def reset(self):
        self.state = (torch.rand(4) / 10 - 0.05).tolist()
        return self.state

    def step(self, action):
        x, v, a, w = self.state
        temp = ((10.0 if action == 1 else -10.0) + 0.05 * w * w * sin(a)) / 1.1
        acc_a = 2 * (9.8 * sin(a) - cos(a) * temp) / (4 / 3 - 0.1 * cos(a) ** 2 / 1.1)
        acc = temp - 0.05 * acc_a * cos(a) / 1.1
        self.state = [x + 0.02 * v, v + 0.02 * acc, a + 0.02 * w, w + 0.02 * acc_a]
        return self.state, 1.0, abs(self.state[0]) > 2.4 or abs(self.state[2]) > 0.21


class Policy(nn.Module):
    def __init__(self):
        super(Policy, self).__init__()
        self.affine1, self.affine2 = nn.Linear(4, 32), nn.Linear(32, 2)
        self.dropout, self.saved_log_probs = nn.Dropout(p=0.6), []

    def forward(self, x):
        return F.softmax(self.affine2(F.relu(self.dropout(self.affine1(x)))), dim=1)


def finish_episode(rewards):
    R, returns = 0, deque()
    for r in rewards[::-1]:
        R = r + 0.99 * R
        returns.appendleft(R)
    returns = torch.tensor(returns)
    returns = (returns - returns.mean()) / (returns.std() + 1e-8)
    policy_loss = torch.cat([-p * R for p, R in zip(policy.saved_log_probs, returns)]).sum()
    optimizer.zero_grad(), policy_loss.backward(), optimizer.step()
    losses.append(policy_loss.item()), lengths.append(len(rewards))
    policy.saved_log_probs.clear()


torch.manual_seed(543)
env, policy, losses, lengths = CartPole(), Policy(), [], []
optimizer = optim.Adam(policy.parameters(), lr=1e-2)
for episode in range(20):
    state, done, rewards = env.reset(), False, []
    while not done and len(rewards) < 50:
        m = Categorical(policy(torch.tensor(state).float().unsqueeze(0)))
        action = m.sample()
        policy.saved_log_probs.append(m.log_prob(action))
        state, reward, done = env.step(action.item())
        rewards.append(reward)
    finish_episode(rewards)
results = [torch.tensor(lengths), *policy.parameters()]
