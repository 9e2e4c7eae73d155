#!/usr/bin/env python3
"""Makes the requests that ghz sends from the cases in demo/cases, in the form of the proto.

    python3 bench/ghz/data.py            # writes bench/ghz/data/*.json
    python3 bench/ghz/data.py --check    # fails if they are not what would be written

A case is taken if it stands for itself: no past traffic, no change to its account, no answer that moves with
the time of day or with what was asked before. `at` is left out, so that the server's clock holds. Four of five
requests are ones that are allowed; the others are refused whenever they are asked. ghz gives each call an id, an
account and a recipient of its own, so that nobody comes to a limit: the mix stays as it is for as long as it runs.
"""

import argparse
import copy
import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DATA = HERE / "data"

REQUESTS = 200
ALLOWED_OF_FIVE = 4
BATCH = 100
BATCHES = 2
STREAM = 100

# What a name of the case files is called in the proto.
PREFIXES = {
    ("from", "type"): "SENDER_KIND_", ("category",): "CATEGORY_", ("route",): "ROUTE_",
    ("consent", "basis"): "CONSENT_BASIS_", ("media", "scan"): "MEDIA_SCAN_", ("channel",): "CHANNEL_",
    ("protocol",): "SESSION_PROTOCOL_", ("form",): "RESALE_FORM_",
}
PREFIXES_OF_ACTION = {
    ("REGISTER_SENDER", "kind"): "REGISTRATION_KIND_", ("ALTER_RECORD", "operation"): "RECORD_OPERATION_",
}
ENVELOPE = (
    "account_id", "subaccount_id", "actor", "caller_service", "dry_run", "end_customer", "brand", "price_usd",
    "max_price_usd", "use_case", "content_labels", "trace",
)
STANDING_ALONE = {"id", "clause", "why", "account", "action", "request", "expect", "also"}
# Their answers move with what was asked before, or with the time of day.
MOVING = {"SEND_OTP", "PLACE_CALL", "START_CAMPAIGN", "PROVISION_NUMBER", "CREATE_SUBACCOUNT"}
MOVING_REASONS = {"QUIET_HOURS", "INVALID_REQUEST", "REQUEST_REPLAYED"}
# Too many refusals for content refuse everything for a while.
COUNTED_REASONS = "CONTENT_"
# Each example account is there so often (`accounts`), numbered from this.
FIRST, COPIES = 100, 100
# So many that none comes to the limits for one recipient.
RECIPIENTS = {
    "+1212": "+1212{{randomInt 3200000 3999999}}", "+9181": "+9181{{randomInt 20000000 29999999}}",
    "+447": "+4475{{randomInt 10000000 19999999}}", "+658": "+658{{randomInt 1200000 1999999}}",
}
MAILBOX = "{{randomString 12}}@example.org"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the files are not current")
    arguments = parser.parse_args()
    texts = {DATA / name: lines(data) for name, data in files().items()}
    stale = [path for path, text in texts.items() if not path.exists() or path.read_text() != text]
    if arguments.check:
        if stale:
            sys.exit(f"{', '.join(str(path.relative_to(ROOT)) for path in stale)}: run bench/ghz/data.py")
        return
    DATA.mkdir(parents=True, exist_ok=True)
    for path in stale:
        path.write_text(texts[path])


def files():
    mixed = requests()
    batches = [{"items": rotated(mixed, at * BATCH, BATCH)} for at in range(BATCHES)]
    return {
        "unary.json": mixed,
        "batch.json": batches,
        "stream.json": [{"check": one} for one in rotated(mixed, 0, STREAM)],
    }


def lines(values):
    """An array with one value a line, so that a change shows as one."""
    return "[\n" + ",\n".join(json.dumps(value, ensure_ascii=False) for value in values) + "\n]\n"


def accounts():
    """The accounts that are asked for: copies of the example accounts, without a limit on their rate."""
    examples = json.loads((ROOT / "demo" / "cases" / "accounts.json").read_text())
    for name, example in examples.items():
        for number in range(FIRST, FIRST + COPIES):
            yield {**example, "id": f"{name}_{number}", "limits": {}}


def rotated(values, start, count):
    return [values[(start + place) % len(values)] for place in range(count)]


def requests():
    """So many requests, allowed and refused ones in turn."""
    allowed, refused = [], []
    for case in cases():
        (allowed if case["expect"]["decision"] == "ALLOW" else refused).append(case)
    out = []
    for place in range(REQUESTS):
        kind, fifth = (allowed, place % 5) if place % 5 < ALLOWED_OF_FIVE else (refused, None)
        turn = place // 5 if fifth is None else place // 5 * ALLOWED_OF_FIVE + fifth
        out.append(request(kind[turn % len(kind)]))
    return out


def cases():
    for path in sorted((ROOT / "demo" / "cases").glob("*.jsonl")):
        for line in path.read_text().splitlines():
            case = json.loads(line) if line.strip() else None
            if case and stands(case):
                yield case


def stands(case):
    expect = case["expect"]
    allowed = expect["decision"] == "ALLOW"
    return (
        set(case) <= STANDING_ALONE and "nonce" not in case["request"]
        and case["request"].get("category") != "PROMOTIONAL"
        and not (allowed and case["action"] in MOVING) and expect["reason"] not in MOVING_REASONS
        and not expect["reason"].startswith(COUNTED_REASONS)
    )


def request(case):
    """The case as a `CheckRequest` in JSON, with what ghz fills in for each call."""
    account = f"{case['account']}_{{{{randomInt {FIRST} {FIRST + COPIES}}}}}"
    action, fields = case["action"], {"account_id": account, **copy.deepcopy(case["request"])}
    out = {"request_id": "{{newUUID}}"}
    out |= {name: fields[name] for name in ENVELOPE if name in fields}
    payload = {name: value for name, value in fields.items() if name not in (*ENVELOPE, "request_id", "at")}
    named(payload, (), action)
    if case["expect"]["decision"] == "ALLOW":
        vary(payload)
    out[action.lower()] = payload
    return out


def named(value, path, action):
    """Gives the names of enums their prefixes, in place."""
    if isinstance(value, list):
        for inner in value:
            named(inner, path, action)
    if not isinstance(value, dict):
        return
    for name, inner in value.items():
        here = (*path, name)
        prefix = PREFIXES.get(here) or (PREFIXES_OF_ACTION.get((action, name)) if not path else None)
        if prefix and isinstance(inner, str):
            value[name] = prefix + inner
        else:
            named(inner, here, action)


def vary(payload):
    """Another recipient for each call."""
    for start, other in RECIPIENTS.items():
        if re.fullmatch(re.escape(start) + r"\d{6,9}", payload.get("to", "")):
            payload["to"] = other
    if "to_email" in payload:
        payload["to_email"] = MAILBOX


if __name__ == "__main__":
    main()
