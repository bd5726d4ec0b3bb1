"""Warnings come in: by Kafka, by HTTP, as files; every byte is kept, nothing doubtful passes."""
