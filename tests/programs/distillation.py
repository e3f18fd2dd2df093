# Knowledge distillation: a small network learns from the softened answers of a larger one.
import minitorch as torch
from minitorch import nn, optim
from minitorch.nn import functional as F

torch.manual_seed(7)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
x = torch.randn(300, 2)
labels = (x.norm(dim=1) > 1.2).long() + (x[:, 0] * x[:, 1] > 0).long()
train_data = x[:240].to(device), labels[:240].to(device)
test_data = x[240:].to(device), labels[240:].to(device)


def mlp(*sizes):
    layers = []
    for n_in, n_out in zip(sizes, sizes[1:]):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class DistillationLoss(nn.Module):
    def __init__(self, temperature=3.0, alpha=0.7):
        super().__init__()
        self.T, self.alpha = temperature, alpha
        self.ce = nn.CrossEntropyLoss(label_smoothing=0.05)
        self.kl = nn.KLDivLoss(reduction="batchmean")

    def forward(self, student_logits, teacher_logits, target):
        log_p = F.log_softmax(student_logits / self.T, dim=1)
        q = F.softmax(teacher_logits / self.T, dim=1)
        soft, hard = self.kl(log_p, q) * self.T**2, self.ce(student_logits, target)
        return self.alpha * soft + (1 - self.alpha) * hard


@torch.no_grad()
def accuracy(model, data, target):
    model.eval()
    pred = model(data).argmax(dim=1, keepdim=True)
    return pred.eq(target.view_as(pred)).sum().item() / len(target)


teacher, student, losses = mlp(2, 64, 64, 3).to(device), mlp(2, 12, 3).to(device), []
criterion = DistillationLoss()
for model, steps in ((teacher, 30), (student, 20)):
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)
    model.train()
    for step in range(steps):
        with torch.no_grad():
            teacher_logits = teacher(train_data[0])
        loss = F.cross_entropy(model(train_data[0]), train_data[1])
        if model is student:
            loss = criterion(model(train_data[0]), teacher_logits, train_data[1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
results = [accuracy(teacher, *test_data), accuracy(student, *test_data), *student.parameters()]
