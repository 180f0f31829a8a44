"""PyTorch's side of a case, on the processor. usage: pytorch.py CASE THREADS LENGTHS_AS_JSON; then see ../serve.js"""
import json
import os
import re
import sys
import time

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

SAMPLE_MS, WARM_UP_SECONDS, WARM_UP_CALLS, MOST_CALLS = 250, 1.5, 2, 1000


class TransformerLayer(nn.Module):
    """Pre-norm, rotary positions, causal: as ours, over [B, T, H]."""

    def __init__(self, hidden, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(hidden), nn.LayerNorm(hidden)
        self.qkv, self.out = nn.Linear(hidden, 3 * hidden), nn.Linear(hidden, hidden)
        self.up, self.down = nn.Linear(hidden, 4 * hidden), nn.Linear(4 * hidden, hidden)

    def forward(self, x, cosines, sines):
        batch, steps, hidden = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(batch, steps, 3, self.heads, hidden // self.heads).permute(2, 0, 3, 1, 4)
        q, k = (a * cosines + torch.cat([-a[..., a.shape[-1] // 2 :], a[..., : a.shape[-1] // 2]], -1) * sines for a in (q, k))
        attended = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(attended.transpose(1, 2).reshape(batch, steps, hidden))
        return x + self.down(nn.functional.gelu(self.up(self.norm2(x)), approximate="tanh"))


class Transformer(nn.Module):
    """With the interface of nn.LSTM, as far as it is needed here."""

    def __init__(self, _, hidden, layers, heads=4):
        super().__init__()
        self.layers = nn.ModuleList(TransformerLayer(hidden, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(hidden)
        self.size = hidden // heads

    def forward(self, x, state=None):
        x = x.transpose(0, 1).contiguous()
        frequencies = 10000 ** (-torch.arange(0, self.size, 2) / self.size)
        angles = torch.outer(torch.arange(x.shape[1]), frequencies).repeat(1, 2)
        for layer in self.layers:
            x = layer(x, angles.cos(), angles.sin())
        return self.norm(x).transpose(0, 1), state


CELLS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN, "transformer": Transformer}


class CharModel(nn.Module):
    def __init__(self, cell, layers, hidden, vocabulary):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, hidden)
        self.rnn = CELLS[cell](hidden, hidden, layers)
        self.output = nn.Linear(hidden, vocabulary)

    def forward(self, ids, state=None, lengths=None):
        output, state = recurrent(self.rnn, self.embedding(ids), state, lengths)
        return self.output(output), state


def recurrent(rnn, x, state=None, lengths=None):
    if lengths is None:
        return rnn(x, state)
    output, state = rnn(pack_padded_sequence(x, lengths, enforce_sorted=False), state)
    return pad_packed_sequence(output, total_length=x.shape[0])[0], state


def resident_mb(field):
    """VmRSS or VmHWM of this process, in MiB."""
    with open("/proc/self/status") as status:
        return int(re.search(rf"^{field}:\s+(\d+) kB$", status.read(), re.M).group(1)) / 1024


class Timer:
    """As timer in ../timing.js."""

    def __init__(self, work):
        self.work, self.call_ms = work, 0.0

    def time(self, calls):
        start, cpu = time.perf_counter(), time.process_time()
        for _ in range(calls):
            self.work()
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        return {"ms": seconds / calls * 1e3, "processors": cpu / seconds}

    def warm_up(self):
        start, calls = time.perf_counter(), 0
        while calls < WARM_UP_CALLS or time.perf_counter() - start < WARM_UP_SECONDS:
            self.call_ms, calls = self.time(1)["ms"], calls + 1

    def sample(self):
        calls = min(MOST_CALLS, max(1, int(SAMPLE_MS / self.call_ms) + 1))
        if calls > 1:
            self.time(min(20, calls))
        return self.time(calls)


def phases(cell, layers, hidden, batch, steps, vocabulary, lengths):
    torch.manual_seed(0)
    model = CharModel(cell, layers, hidden, vocabulary)
    adam = torch.optim.Adam(model.parameters(), 1e-3, fused=True)
    ids, targets = torch.randint(0, vocabulary, (steps, batch)), torch.randint(0, vocabulary, (steps, batch))
    if lengths is not None:
        lengths = torch.tensor(lengths)
        targets = targets.masked_fill(torch.arange(steps)[:, None] >= lengths[None, :], -100)

    def train():
        adam.zero_grad()
        logits, _ = model(ids, None, lengths)
        nn.functional.cross_entropy(logits.view(-1, vocabulary), targets.view(-1)).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()

    def stepping(step):
        states = [None]

        def work():
            with torch.inference_mode():
                states[0] = step(states[0])

        return work

    one_id, one_x, x = ids[:1, :1].clone(), torch.randn(1, 1, hidden), torch.randn(steps, batch, hidden)

    def forward():
        with torch.inference_mode():
            recurrent(model.rnn, x, None, lengths)

    return {
        "train": train,
        "stream": stepping(lambda state: model(one_id, state)[1]),
        "streamRecurrent": stepping(lambda state: model.rnn(one_x, state)[1]),
        "forward": forward,
    }


def answer(**message):
    print(json.dumps(message), flush=True)


def main():
    cell, *sizes = re.fullmatch(r"(rnn|lstm|gru|transformer)-(\d+)x(\d+)-b(\d+)-t(\d+)-v(\d+)(?:-mixed)?", sys.argv[1]).groups()
    torch.set_num_threads(int(sys.argv[2]))
    idle = resident_mb("VmRSS")
    timers = {name: Timer(work) for name, work in phases(cell, *map(int, sizes), json.loads(sys.argv[3])).items()}
    answer(ready=True, version=torch.__version__)
    for line in iter(sys.stdin.readline, ""):
        request, _, phase = line.strip().partition(" ")
        if request == "memory":
            answer(peakRssMb=resident_mb("VmHWM"), rssAboveIdleMb=resident_mb("VmRSS") - idle)
        elif request == "warm":
            timers[phase].warm_up()
            answer()
        else:
            answer(**timers[phase].sample())


main()
