"""What is in force: an order-insensitive fold of every message ever received."""
