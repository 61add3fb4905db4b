"""The Faust worker: consumes raw tickets, decides them, publishes, acks; owns all Kafka effects."""
