"""What comes back: receipts, replies, answers on the page; and the 叫应 ladder for what does not."""
