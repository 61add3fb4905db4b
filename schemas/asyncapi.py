"""The AsyncAPI 3 document of the worker, made from the contracts; reads and writes no file.

Source: AsyncAPI specification 3.0.0 and its Kafka binding 0.5.0. Payloads stand in the
document's default schema dialect, which is a superset of JSON Schema draft 7; the contracts use
no keyword that draft 2020-12 reads differently.
"""

from __future__ import annotations

from typing import Any

from schemas import examples
from schemas.contracts import CONTRACT_VERSION, JsonSchema, message_schemas
from schemas.header_schemas import dead_letter_headers_schema, triaged_headers_schema
from schemas.headers import CONTENT_TYPE, event_headers
from schemas.triaged_ticket import Queue

Json = dict[str, Any]

_KAFKA_BINDING = "0.5.0"


def asyncapi_document() -> Json:
    """Channels, operations, messages and schemas of the product, with default topic names."""
    return {
        "asyncapi": "3.0.0",
        "id": "urn:ticket-stream:worker",
        "info": {
            "title": "Ticket worker",
            "version": f"{CONTRACT_VERSION}.0.0",
            "description": (
                "Decides each raw ticket and sends it to exactly one of four queues, or to the "
                "dead letters where it is no ticket. Delivery is at least once: a redelivered "
                "record gives messages with the same event id, by which consumers drop duplicates."
            ),
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": _channels(),
        "operations": _operations(),
        "components": {"messages": _messages(), "schemas": _schemas()},
    }


_QUEUE_PURPOSES = {
    Queue.PRIORITY: "Urgent tickets: a person should look now.",
    Queue.TOXIC: "Abusive tickets, for people who are prepared for them.",
    Queue.REVIEW: "Tickets whose decision is too unsure to act on.",
    Queue.STANDARD: "All other tickets.",
}


def _channels() -> Json:
    queues = {
        _queue_channel(queue): _channel(f"tickets.{queue.value}", purpose, "triagedTicket")
        for queue, purpose in _QUEUE_PURPOSES.items()
    }
    return {
        "raw": _channel("tickets.raw", "Support requests as they come in.", "rawTicket"),
        **queues,
        "deadLetters": _channel(
            "tickets.dlq", "Records that are no ticket, byte for byte.", "deadLetter"
        ),
        "feedback": _channel(
            "tickets.feedback",
            "Corrections by people, for training. The worker does not read them.",
            "feedback",
        ),
        "modelEvents": _channel(
            "tickets.model-events",
            "What workers say of the models that they serve: swaps, refusals, shadow counts.",
            "modelEvent",
        ),
        "modelControl": _channel(
            "tickets.model-control",
            "Any record makes every worker look for a new model at once.",
            "modelControl",
        ),
    }


def _queue_channel(queue: Queue) -> str:
    return f"{queue.value}Queue"


def _channel(topic: str, purpose: str, message: str) -> Json:
    return {
        "address": topic,
        "description": purpose,
        "messages": {message: _ref("components", "messages", message)},
        "bindings": {"kafka": {"topic": topic, "bindingVersion": _KAFKA_BINDING}},
    }


def _operations() -> Json:
    receive = _operation("receive", "raw", "rawTicket", "Decide the ticket.")
    receive["bindings"] = {
        "kafka": {
            "groupId": {
                "type": "string",
                "default": "ticket-triage",
                "description": "One group for all workers of a deployment.",
            },
            "bindingVersion": _KAFKA_BINDING,
        }
    }
    sends = {
        f"sendTo{queue.value.capitalize()}": _operation(
            "send", _queue_channel(queue), "triagedTicket", f"The decision is {queue.value}."
        )
        for queue in Queue
    }
    return {
        "receiveRawTicket": receive,
        **sends,
        "sendDeadLetter": _operation(
            "send", "deadLetters", "deadLetter", "The record cannot be read as a ticket."
        ),
        "sendModelEvent": _operation(
            "send", "modelEvents", "modelEvent", "Something happened to the worker's models."
        ),
        "receiveModelControl": _operation(
            "receive", "modelControl", "modelControl", "Look at the model registry now."
        ),
    }


def _operation(action: str, channel: str, message: str, summary: str) -> Json:
    return {
        "action": action,
        "channel": _ref("channels", channel),
        "summary": summary,
        "messages": [_ref("channels", channel, "messages", message)],
    }


def _messages() -> Json:
    return {
        "rawTicket": {
            "title": "Raw ticket",
            "contentType": CONTENT_TYPE,
            "headers": _ref("components", "schemas", "TraceHeaders"),
            "payload": _ref("components", "schemas", "RawTicket"),
            "bindings": _key(
                "Any. The ticket's id keeps messages of one ticket in order, and stands in for a "
                "missing `ticket_id`."
            ),
            "examples": [
                {
                    "name": "stolenCard",
                    "payload": examples.RAW_TICKET.model_dump(mode="json"),
                }
            ],
        },
        "triagedTicket": {
            "title": "Triaged ticket",
            "summary": "CloudEvents 1.0, Kafka binding, binary content mode.",
            "contentType": CONTENT_TYPE,
            "headers": _ref("components", "schemas", "TriagedTicketHeaders"),
            "payload": _ref("components", "schemas", "TriagedTicket"),
            "bindings": _key("The source record's key, else the ticket's id."),
            "examples": [
                {
                    "name": "stolenCard",
                    "headers": _text(event_headers(examples.TRIAGED_TICKET)),
                    "payload": examples.TRIAGED_TICKET.model_dump(mode="json"),
                }
            ],
        },
        "deadLetter": {
            "title": "Dead letter",
            "summary": "The source record's key, value and headers, and error headers after them.",
            "contentType": "application/octet-stream",
            "headers": _ref("components", "schemas", "DeadLetterHeaders"),
            "payload": {"description": "The source record's value, untouched; may be absent."},
            "bindings": _key("The source record's key, untouched."),
            "examples": [
                {
                    "name": "textMissing",
                    "headers": _text(examples.DEAD_LETTER.to_headers()),
                    "payload": {"ticket_id": "T-20419"},
                }
            ],
        },
        "feedback": {
            "title": "Feedback",
            "contentType": CONTENT_TYPE,
            "payload": _ref("components", "schemas", "Feedback"),
            "bindings": _key("`ticket_id`."),
            "examples": [
                {"name": "wrongIntent", "payload": examples.FEEDBACK.model_dump(mode="json")}
            ],
        },
        "modelEvent": {
            "title": "Model event",
            "contentType": CONTENT_TYPE,
            "payload": _ref("components", "schemas", "ModelEvent"),
            "bindings": _key("`worker`: the events of one worker stay in order."),
            "examples": [{"name": "swap", "payload": examples.MODEL_EVENT.model_dump(mode="json")}],
        },
        "modelControl": {
            "title": "Call for a look at the model registry",
            "contentType": "application/octet-stream",
            "payload": {"description": "Not read; may be absent."},
            "bindings": _key("Not read; may be absent."),
            "examples": [{"name": "look", "payload": "look"}],
        },
    }


def _schemas() -> Json:
    trace_headers: JsonSchema = {
        "title": "TraceHeaders",
        "description": "Trace headers pass on to the outcome; others only to a dead letter.",
        "type": "object",
        "properties": {"traceparent": {"type": "string"}, "tracestate": {"type": "string"}},
    }
    return {
        **message_schemas(ref_template="#/components/schemas/{model}"),
        "TraceHeaders": trace_headers,
        "TriagedTicketHeaders": triaged_headers_schema(),
        "DeadLetterHeaders": dead_letter_headers_schema(),
    }


def _ref(*parts: str) -> Json:
    return {"$ref": "#/" + "/".join(parts)}


def _key(description: str) -> Json:
    return {
        "kafka": {
            "key": {"type": "string", "description": description},
            "bindingVersion": _KAFKA_BINDING,
        }
    }


def _text(headers: list[tuple[str, bytes]]) -> dict[str, str]:
    return {name: value.decode() for name, value in headers}
