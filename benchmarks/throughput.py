"""Tickets a second three ways on the same tickets, in turn in one run, with ratios and memory.

- bare: ONNX Runtime alone on token ids that are already there, sorted by length and cut as in
  serving, on as many lanes as cores: the most that this machine could do with this model.
- worker: the product end to end, from a Kafka topic to the queues, broker on the same cores.
- naive: one ticket at a time, padded to 64 tokens, PyTorch dynamic int8.

Run `python -m benchmarks.throughput`. Prints a table and writes benchmarks/results/throughput.json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import onnxruntime as ort
import psutil

from benchmarks.machine import circumstances
from benchmarks.worker_run import rate, worker_run
from stream_app.broker import find_broker
from stream_app.bundle import Bundle, bundle_store, newest_bundle, read_bundle
from stream_app.errors import UserError
from stream_app.inference import Encoder, cut_by_padded_tokens, usable_cores
from stream_app.inference.encoder import pad
from stream_app.labelled_data import load_test_rows
from stream_app.settings import InferenceSettings

RESULTS = Path(__file__).parent / "results" / "throughput.json"
STARTER = Path(__file__).resolve().parent.parent / "training" / "starter" / "part_a.csv"
NAIVE_TICKETS = 200
NAIVE_TOKENS = 64


def main() -> None:
    """Run the benchmark as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", help="as in `tickets replay`; else banking77, else the starter")
    parser.add_argument("--bundle", type=Path, help="else the newest on this machine")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tickets", type=int, default=9_000, help="tickets a round")
    arguments = parser.parse_args()
    texts = texts_of(arguments.data)
    tickets = [texts[number % len(texts)] for number in range(arguments.tickets)]
    bundle = read_bundle(arguments.bundle or newest_bundle(bundle_store()))
    bare, worker, naive, memory = [], [], [], []
    with find_broker(on_progress=_say) as broker:
        for round_number in range(1, arguments.rounds + 1):
            _say(f"round {round_number} of {arguments.rounds}")
            bare.append(bare_runtime(bundle, tickets))
            _say(f"  bare ONNX Runtime  {bare[-1]:8,.0f} tickets/s")
            reached, resident = end_to_end(broker.bootstrap_servers, bundle, tickets)
            worker.append(reached)
            memory.append(resident)
            _say(f"  worker             {reached:8,.0f} tickets/s, {resident:,.0f} MB resident")
            naive.append(naive_way(tickets[:NAIVE_TICKETS]))
            _say(f"  naive              {naive[-1]:8,.0f} tickets/s")
    report = {
        **circumstances(),
        "onnxruntime": ort.__version__,
        "tickets": len(tickets),
        "rounds": arguments.rounds,
        "model": bundle.reference.model_dump(),
        "bare_tickets_per_s": round(statistics.median(bare)),
        "worker_tickets_per_s": round(statistics.median(worker)),
        "naive_tickets_per_s": round(statistics.median(naive)),
        # Medians of the ratio of each round, in which all three ran side by side.
        "worker_to_bare": round(statistics.median(_ratios(worker, bare)), 3),
        "worker_to_bare_by_round": _ratios(worker, bare),
        "worker_to_naive": round(statistics.median(_ratios(worker, naive)), 3),
        "worker_peak_resident_mb": round(max(memory)),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


def bare_runtime(bundle: Bundle, tickets: list[str]) -> float:
    """Tickets a second of ONNX Runtime on ready token ids, one single-threaded lane a core."""
    defaults = InferenceSettings()
    encoder = Encoder(bundle.tokenizer_path, max_tokens=bundle.manifest.max_tokens)
    rows = encoder.encode(tickets)
    batches = cut_by_padded_tokens(
        [len(row) for row in rows],
        max_padded_tokens=defaults.max_padded_tokens,
        max_rows=defaults.max_rows,
    )
    feeds = []
    for batch in batches:
        input_ids, attention_mask = pad([rows[index] for index in batch])
        feeds.append({"input_ids": input_ids, "attention_mask": attention_mask})
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(
        str(bundle.model_path), options, providers=["CPUExecutionProvider"]
    )
    session.run(["logits"], feeds[0])
    with ThreadPoolExecutor(usable_cores()) as lanes:
        started = time.perf_counter()
        for job in [lanes.submit(session.run, ["logits", "embedding"], feed) for feed in feeds]:
            job.result()
        return len(tickets) / (time.perf_counter() - started)


def end_to_end(servers: str, bundle: Bundle, tickets: list[str]) -> tuple[float, float]:
    """Tickets a second from topic to queues, and the worker's peak resident memory in MB.

    All tickets lie in the raw topic before the worker starts.
    """
    folder = bundle.model_path.parent
    with worker_run(servers, tickets, bundle=folder, environment={}) as run:
        run.wait_until_acked()
        resident = _peak_resident_mb(run.worker.process.pid)
        return rate([result.timestamp for result in run.results()]), resident


def naive_way(tickets: list[str]) -> float:
    """Tickets a second of the same architecture one at a time, in a process of its own."""
    result = subprocess.run(
        [sys.executable, "-m", "benchmarks.naive"],
        input=json.dumps({"tickets": tickets, "tokens": NAIVE_TOKENS}),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(result.stdout)


def _peak_resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return float(psutil.Process(pid).memory_info().rss) / 1024**2


def texts_of(data: str | None) -> list[str]:
    """The texts of a data set by name or path; without one Banking77, else the starter set."""
    if data is None:
        try:
            return [row.text for row in load_test_rows("banking77")]
        except UserError:
            _say("no Banking77 here: taking the starter set")
    return [row.text for row in load_test_rows(data or str(STARTER))]


def _ratios(one: list[float], other: list[float]) -> list[float]:
    return [round(a / b, 3) for a, b in zip(one, other, strict=True)]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
