"""What fails, read from Kafka with nothing of Autoprov: pip install -r requirements.txt, and Python 3.10 or newer.

  KAFKA_BROKERS=127.0.0.1:9092 python consume_failures.py              every change, for ever
  KAFKA_BROKERS=127.0.0.1:9092 python consume_failures.py --until-end  what is open now, then end

KAFKA_TOPIC is the topic's name where the installation has a prefix. Each line of the output is one JSON object.
"""

import json
import os
import sys

from kafka import KafkaConsumer, TopicPartition

TOPIC = os.environ.get("KAFKA_TOPIC") or "autoprov.failures.v1"
UNTIL_END = "--until-end" in sys.argv
SHOWN = ["name", "seq", "state", "code", "reason", "app", "user", "title", "detail"]

# The newest state of each failure, by its name. Keep it in a database to go on where you ended, not from the start.
failures: dict[str, dict] = {}


def remember(name: str, value: bytes | None) -> bool:
    """Whether this is news. Messages come at least once: one that comes again, or late, has no higher seq."""
    if value is None:
        # A tombstone: the failure ended 30 days ago and is forgotten.
        failures.pop(name, None)
        return False
    failure = json.loads(value)
    # int64 is a string in proto3 JSON.
    known = failures.get(name)
    if known and int(failure["seq"]) <= int(known["seq"]):
        return False
    failures[name] = failure
    return True


def show(event_type: str | None, failure: dict) -> None:
    # For example autoprov.failure.opened.v1, or …retried, …reopened, …resolved, …superseded, …dismissed.
    known_type = {"type": event_type} if event_type else {}
    print(json.dumps({**known_type, **{field: failure[field] for field in SHOWN}}), flush=True)


def main() -> None:
    if not os.environ.get("KAFKA_BROKERS"):
        sys.exit('KAFKA_BROKERS is not set: "npm start" prints it')
    # Without a group: every run reads from the beginning. A lasting consumer has a group_id and commits.
    consumer = KafkaConsumer(bootstrap_servers=os.environ["KAFKA_BROKERS"].split(","), enable_auto_commit=False)
    partitions = [TopicPartition(TOPIC, number) for number in sorted(consumer.partitions_for_topic(TOPIC) or [])]
    if not partitions:
        sys.exit(f"there is no topic {TOPIC}: start the failure reporter, or set KAFKA_TOPIC")
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    ends = consumer.end_offsets(partitions)
    while not UNTIL_END or any(consumer.position(it) < ends[it] for it in partitions):
        for messages in consumer.poll(timeout_ms=500).values():
            for message in messages:
                name = message.key.decode()
                if remember(name, message.value) and not UNTIL_END:
                    event_type = dict(message.headers).get("ce_type", b"").decode()
                    show(event_type, failures[name])
    consumer.close()
    for failure in failures.values():
        if failure["state"] == "STATE_OPEN":
            show(None, failure)


main()
