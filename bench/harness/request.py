"""The one request that every server is asked: a text with nothing to find."""

import json
import struct

# 120 characters, no link, no number, no name of a brand, no word of any list.
BODY = (
    "Reminder: your visit is on Friday at ten in the morning. Please come a few minutes early. "
    "We look forward to seeing you."
)
assert len(BODY) == 120, len(BODY)

CALL = "aup.v1.DecisionService/Check"
CALL_BATCH = "aup.v1.DecisionService/CheckBatch"
# What the load puts other accounts, numbers and recipients in the place of; see bench/load.rs.
ACCOUNTS = 1_000
ACCOUNT = "acc_bench_999"
FROM = "+14155551999"
TO = "+12129999999"
EXAMPLE = "acc_us_clinic"
# One of those accounts, where it must be always the same.
ONE_ACCOUNT = "acc_bench_000"
ONE_NUMBER = "+14155551000"
ACTOR = ("key_1", "203.0.113.10", "US")


def accounts(examples):
    """So many accounts like one of the examples, each with a number of its own and no limit on its rate."""
    for number in range(ACCOUNTS):
        account = json.loads(json.dumps(examples[EXAMPLE]))
        sender = f"{FROM[:-3]}{number:03d}"
        account["id"] = f"{ACCOUNT[:-3]}{number:03d}"
        account["limits"] = {}
        account["numbers"] = [{"e164": sender, "type": "LONG_CODE", "use": ["A2P", "BULK"]}]
        account["tcr"] = {"brand_id": f"B{number:03d}", "campaigns": [
            {"id": f"C{number:03d}", "numbers": [sender], "status": "ACTIVE", "use_case": "MIXED"},
        ]}
        yield account


def template():
    """The request as JSON for ghz: another `request_id` and recipient for each call."""
    return json.dumps({
        "request_id": "{{.UUID}}",
        "account_id": ACCOUNT,
        "actor": dict(zip(("api_key_id", "ip", "ip_country"), ACTOR)),
        "send_sms": {
            "from": {"type": "SENDER_KIND_LONG_CODE", "value": FROM},
            "to": "+1212{{randomInt 2000000 9999999}}",
            "body": BODY,
            "category": "CATEGORY_SERVICE",
            "automated": True,
        },
    })


def framed(account=ACCOUNT, sender=FROM):
    """The request as one gRPC message for the load, which puts other numbers into it each time.

    Without a `request_id`: the same one again would be answered from memory, and not decided.
    """
    return _frame(_check(account, sender))


def framed_batch(recipients):
    """One `CheckBatch` of the same text to so many numbers, as one gRPC message."""
    items = (_check() for _ in range(recipients))
    return _frame(b"".join(_bytes(1, item) for item in items))


def _check(account=ACCOUNT, sender_number=FROM):
    actor = b"".join(_text(number, value) for number, value in enumerate(ACTOR, start=1))
    sender = _number(1, 1) + _text(2, sender_number)
    sms = _bytes(1, sender) + _text(2, TO) + _text(6, BODY) + _number(7, 3) + _number(8, 1)
    return _text(2, account) + _bytes(5, actor) + _bytes(32, sms)


def _frame(message):
    return struct.pack(">BI", 0, len(message)) + message


def _varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(field, value):
    return _varint(field << 3) + _varint(value)


def _bytes(field, value):
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _text(field, value):
    return _bytes(field, value.encode())
