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
ACCOUNT = "acc_us_clinic"
FROM = "+14155550100"
TO = "+12125550123"
ACTOR = ("key_1", "203.0.113.10", "US")


def template():
    """The request as JSON for ghz, with another `request_id` for each call."""
    return json.dumps({
        "request_id": "{{.UUID}}",
        "account_id": ACCOUNT,
        "actor": dict(zip(("api_key_id", "ip", "ip_country"), ACTOR)),
        "send_sms": {
            "from": {"type": "SENDER_KIND_LONG_CODE", "value": FROM},
            "to": TO,
            "body": BODY,
            "category": "CATEGORY_SERVICE",
            "automated": True,
        },
    })


def framed():
    """The request as one gRPC message for h2load, which sends the same bytes each time.

    Without a `request_id`: the same one again would be answered from memory, and not decided.
    """
    return _frame(_check(TO))


def framed_batch(recipients):
    """One `CheckBatch` of the same text to so many numbers, as one gRPC message."""
    items = (_check(f"+1212556{number:04d}") for number in range(recipients))
    return _frame(b"".join(_bytes(1, item) for item in items))


def _check(to):
    actor = b"".join(_text(number, value) for number, value in enumerate(ACTOR, start=1))
    sender = _number(1, 1) + _text(2, FROM)
    sms = _bytes(1, sender) + _text(2, to) + _text(6, BODY) + _number(7, 3) + _number(8, 1)
    return _text(2, ACCOUNT) + _bytes(5, actor) + _bytes(32, sms)


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
