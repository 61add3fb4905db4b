"""From labelled tickets to a checked model bundle; never imports the Kafka side of the product."""
