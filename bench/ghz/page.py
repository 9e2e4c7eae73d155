"""The table and the HTML page of a run: one row a phase, and how the latencies are spread."""

import html as markup
import math

import data

# What one call decides.
DECISIONS = {"unary": 1, "batch": data.BATCH, "stream": data.STREAM}

HEADS = ["call", "phase", "server", "offered calls/s", "calls/s", "decisions/s", "p50 ms", "p99 ms", "p99.9 ms",
         "CPU µs/decision", "CPU ÷ floor", "allowed", "failed", "RSS MiB"]
BUCKETS = 24
STYLE = """body { font: 15px/1.5 sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 1em 0 } td, th { padding: .2em .7em; border-bottom: 1px solid #ddd; text-align: right }
td:nth-child(-n+3), th:nth-child(-n+3) { text-align: left } tr.hold td { font-weight: bold }
svg { display: block; margin: .3em 0 1.5em } rect { fill: #4a7ab5 } text { font-size: 11px; fill: #555 }"""
HOLD = "of saturation"


def markdown(phases, circumstances):
    """The phases, with what they were measured under above them."""
    lines = [f"{name}: {value}  " for name, value in circumstances.items()]
    lines += ["", _line(HEADS), _line(["---"] * 3 + ["--:"] * (len(HEADS) - 3))]
    return "\n".join(lines + [_line(cells(phase)) for phase in phases]) + "\n"


def cells(phase):
    share = "–" if phase.allowed is None else f"{phase.allowed:.1%}"
    return [
        phase.kind, phase.phase, phase.server, "–" if phase.offered is None else f"{phase.offered:,.0f}",
        f"{phase.rate:,.0f}", f"{phase.rate * DECISIONS[phase.kind]:,.0f}", f"{phase.p50_ms:.2f}",
        f"{phase.p99_ms:.2f}", f"{phase.p999_ms:.2f}", f"{phase.cpu_us:.1f}",
        "–" if phase.cpu_to_floor is None else f"{phase.cpu_to_floor:.2f}", share, str(phase.failed),
        f"{phase.rss_mib:.0f}",
    ]


def _line(values):
    return "| " + " | ".join(values) + " |"


def histogram(latencies):
    """How many latencies are up to each bound, in ms; the bounds go up by the same factor each."""
    low, high = max(min(latencies), 0.01), max(latencies)
    factor = max(high / low, 1.001) ** (1 / BUCKETS)
    counts = [0] * BUCKETS
    for one in latencies:
        place = int(math.log(max(one, low) / low) / math.log(factor))
        counts[min(place, BUCKETS - 1)] += 1
    return [[low * factor ** (place + 1), number] for place, number in enumerate(counts)]


def html(phases, circumstances):
    """One page without scripts or anything from elsewhere."""
    told = "".join(f"<li>{markup.escape(name)}: {markup.escape(str(value))}</li>" for name, value in circumstances.items())
    held = [phase for phase in phases if phase.phase.endswith(HOLD)]
    pictures = "".join(
        f"<h3>{markup.escape(f'{one.kind}, {one.server}')}</h3>{_bars(one.histogram)}" for one in held
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>aupd under ghz</title>'
        f"<style>{STYLE}</style><h1>aupd under ghz</h1><ul>{told}</ul>"
        f"<table><tr>{_row('th', HEADS)}</tr>{''.join(map(_table_row, phases))}</table>"
        f"<h2>Latencies at 85 % of saturation</h2>{pictures}</html>\n"
    )


def _table_row(phase):
    held = ' class="hold"' if phase.phase.endswith(HOLD) else ""
    return f"<tr{held}>{_row('td', cells(phase))}</tr>"


def _row(tag, values):
    return "".join(f"<{tag}>{markup.escape(value)}</{tag}>" for value in values)


def _bars(counts, width=28, height=120):
    most = max(number for _, number in counts) or 1
    bars = "".join(
        f'<rect x="{place * width}" y="{height - height * number / most:.1f}" width="{width - 2}" '
        f'height="{height * number / most:.1f}"><title>{number:,} calls up to {bound:.2f} ms</title></rect>'
        + (f'<text x="{place * width}" y="{height + 14}">{bound:.3g} ms</text>' if place % 4 == 3 else "")
        for place, (bound, number) in enumerate(counts)
    )
    return f'<svg width="{width * len(counts)}" height="{height + 20}">{bars}</svg>'
