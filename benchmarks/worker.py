"""One process that trains one model on one engine, a step at a time, as bench.py asks for them.

It is given its job as JSON in its first argument. It answers each line it reads
with a line of JSON: the measurements of one more training step.
"""

import json
import sys
import time

import numpy as np
import threadpoolctl


class Stopwatch:
    """Seconds spent inside some functions, by the clock and by all threads of this process."""

    def __init__(self):
        self.spent = {}

    def around(self, owner, name, kind):
        """Replace the function `owner.name` by one that is timed under `kind`."""
        setattr(owner, name, self.timed(getattr(owner, name), kind))

    def timed(self, function, kind):
        """A function that does the same, and is timed under `kind`."""

        def timed(*inputs, **options):
            wall, cpu = time.perf_counter(), time.process_time()
            result = function(*inputs, **options)
            before = self.spent.get(kind, (0, 0))
            self.spent[kind] = (
                before[0] + time.perf_counter() - wall,
                before[1] + time.process_time() - cpu,
            )
            return result

        return timed


def memory():
    """Megabytes of memory now and at the most so far; None where the system does not say."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            status = dict(line.split(":") for line in file)
    except OSError:
        return None, None
    return tuple(int(status[key].split()[0]) / 1024 for key in ("VmRSS", "VmHWM"))


def load(job):
    """The engine, and a function that loads a module of solutions/ on it."""
    if job["engine"] == "minitorch":
        import importlib

        import minitorch

        return minitorch, lambda name: importlib.import_module(f"solutions.{name}")
    import torch

    from twin import load_twin

    torch.set_num_threads(job["threads"])
    if job["keep_memory"]:
        from minitorch.memory import keep_freed_memory

        keep_freed_memory()
    return torch, load_twin


def kernel_of(engine):
    """What computes the products: the kernel that NumPy's OpenBLAS chose, or PyTorch's library."""
    if engine.__name__ == "torch":
        return "MKL" if engine.backends.mkl.is_available() else None
    libraries = threadpoolctl.threadpool_info()
    return next((each["architecture"] for each in libraries if "architecture" in each), None)


def make_model(engine, load_solution, size, positions, listing):
    """A Transformer whose weights depend on nothing but its shapes.

    "cope_fused" is CoPE with its bias as one operation, which PyTorch does not have.
    """
    name, fused, _ = positions.partition("_fused")
    options = {"npos_max": size["npos_max"]} if name == "cope" else {}
    if fused and engine.__name__ == "minitorch":
        options["fused"] = True
    if listing:
        from benchmarks.paper_cope import PaperCoPE

        name = PaperCoPE
    model = load_solution("transformer").Transformer(
        size["vocab_size"],
        size["dim"],
        size["num_heads"],
        size["num_layers"],
        size["max_len"],
        positions=name,
        **options,
    )
    rng = np.random.default_rng(0)
    with engine.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            values = rng.normal(1 if "norm.weight" in name else 0, 0.02, tuple(parameter.shape))
            parameter.copy_(engine.tensor(values.astype("float32")))
    return model


def batch_of(size):
    """Inputs and targets, the same in every step."""
    shape = size["batch"], size["seq_len"] + 1
    ids = np.random.default_rng(1).integers(size["vocab_size"], size=shape)
    return ids[:, :-1], ids[:, 1:]


def training(job):
    """A function that does one step of the course's training loop and returns its measurements."""
    if job["engine"] == "jax":
        return jax_training(job)
    engine, load_solution = load(job)
    imported, _ = memory()
    size, watch = job["size"], Stopwatch()
    inputs, targets = batch_of(size)
    module = load_solution("training")
    model = make_model(engine, load_solution, size, job["positions"], job["listing"])
    side_by_side = job["threads"] if job["engine"] == "minitorch" else 1
    trainer = module.Trainer(
        model,
        lambda rng: (inputs, targets),
        steps=100,
        warmup=10,
        micro_batch=job["micro_batch"],
        threads=side_by_side,
    )
    if side_by_side == 1:
        watch.around(module, "summed_loss", "forward")
    watch.around(module.nn.utils, "clip_grad_norm_", "optimizer")
    watch.around(trainer.optimizer, "step", "optimizer")
    watch.around(trainer, "update", "step")

    def step():
        watch.spent.clear()
        trainer.update()
        spent = {kind: np.array(value) for kind, value in watch.spent.items()}
        if "forward" in spent:
            spent["backward"] = spent["step"] - spent["forward"] - spent["optimizer"]
        _, peak = memory()
        return {
            "loss": trainer.losses[-1],
            "megabytes": peak and peak - imported,
            "kernel": kernel_of(engine),
            **{
                kind: {"wall": float(value[0]), "cpu": float(value[1])}
                for kind, value in spent.items()
            },
        }

    return step


def jax_training(job):
    """The same in JAX, from the same weights (benchmarks/jax_model.py)."""
    from benchmarks.jax_model import training_step

    size, watch = job["size"], Stopwatch()
    minitorch, load_solution = load({**job, "engine": "minitorch"})
    model = make_model(minitorch, load_solution, size, job["positions"], listing=False)
    weights = {name: each.detach().numpy() for name, each in model.named_parameters()}
    train = watch.timed(training_step(weights, *batch_of(size), size, job["positions"]), "step")

    def step():
        watch.spent.clear()
        loss = train()
        wall, cpu = watch.spent["step"]
        return {"loss": loss, "megabytes": None, "step": {"wall": wall, "cpu": cpu}}

    return step


def products(job):
    """A function that times the matrix products of a step alone, in NumPy.

    No engine can do without them: they are those that a Transformer needs with
    any encoding, forward and backward, in minitorch's parts.
    """
    size, part = job["size"], job["micro_batch"]
    dim, heads, seq = size["dim"], size["num_heads"], size["seq_len"]
    linear = [(dim, 3 * dim), (dim, dim), (dim, 4 * dim), (4 * dim, dim)]  # of every layer
    pairs = [((part * seq, rows), (rows, columns)) for rows, columns in linear]
    pairs += [
        ((part, heads, seq, dim // heads), (part, heads, dim // heads, seq)),  # queries and keys
        ((part, heads, seq, seq), (part, heads, seq, dim // heads)),
    ]  # weights and values
    pairs = pairs * size["num_layers"] + [((part * seq, dim), (dim, size["vocab_size"]))]
    operands = [[np.ones(shape, "float32") for shape in pair] for pair in pairs]
    watch = Stopwatch()

    def multiply():
        for _ in range(0, size["batch"], part):
            for a, b in operands:
                out = a @ b
                out @ b.mT, a.mT @ out  # as the gradients of a and of b

    timed = watch.timed(multiply, "step")

    def step():
        watch.spent.clear()
        timed()
        return {kind: {"wall": wall, "cpu": cpu} for kind, (wall, cpu) in watch.spent.items()}

    return step


CHAINED = {
    "x + y": lambda x, y: x + y,
    "x * y": lambda x, y: x * y,
    "x @ y": lambda x, y: x @ y,
    "tanh": lambda x, y: x.tanh(),
    "softmax": lambda x, y: x.softmax(dim=-1),
    "reshape": lambda x, y: x.reshape(4, 4),
    "transpose": lambda x, y: x.transpose(0, 1),
}


def overhead(job):
    """A function that times chains of operations on 4 x 4 matrices: microseconds an operation."""
    engine, _ = load(job)
    length = 500

    def step():
        times = {}
        for name, operation in CHAINED.items():
            x = engine.full((4, 4), 0.25, requires_grad=True)
            y = engine.full((4, 4), 0.25)
            start = time.process_time()
            out = x
            for _ in range(length):
                out = operation(out, y)
            middle = time.process_time()
            out.backward(engine.ones(4, 4))
            end = time.process_time()
            times[name] = [1e6 * (middle - start) / length, 1e6 * (end - middle) / length]
        return times

    return step


def kernel(job):
    """A function that measures the speed of a product of size S: 2048 x 64 by 64 x 256."""
    engine, _ = load(job)
    a, b, count = engine.ones(2048, 64), engine.ones(64, 256), 50

    def step():
        start = time.process_time()
        for _ in range(count):
            a @ b
        operations = 2 * 2048 * 64 * 256 * count  # a product and a sum each
        speed = operations / (time.process_time() - start) / 1e9
        return {"kernel": kernel_of(engine), "gigaflops": speed}

    return step


JOBS = {"training": training, "products": products, "overhead": overhead, "kernel": kernel}


def main():
    job = json.loads(sys.argv[1])
    step = JOBS[job["what"]](job)
    print(json.dumps("ready"), flush=True)
    for _ in sys.stdin:
        print(json.dumps(step()), flush=True)


if __name__ == "__main__":
    main()
