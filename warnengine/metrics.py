"""Every Prometheus series of the engine, on one page. No person, number or township in labels."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

WARNINGS = Counter("ews_warnings_received", "Warnings by source and verdict.", ["source", "result"])
OBSERVATIONS = Counter("ews_observations", "Rows of observations by what became of them.", ["source", "result"])
SOURCE_SUCCESS = Gauge(
    "ews_source_last_success_timestamp_seconds",
    "When a source last brought something that was understood.",
    ["source"],
)
SOURCE_PAUSE = Gauge(
    "ews_source_usual_pause_seconds",
    "The pause that 19 of 20 pauses of a source stayed below, last 90 days; absent where there were few.",
    ["source"],
)
SOURCE_LAG = Histogram(
    "ews_source_lag_seconds",
    "From the issue of a warning to its receipt, the first time that it comes.",
    ["source"],
    buckets=(5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400),
)
FEED_POLLS = Counter(
    "ews_feed_polls", "Polls by what came: fresh, same, or in which way they failed.", ["source", "result"]
)
FEED_SUCCESS = Gauge(
    "ews_feed_last_success_timestamp_seconds", "When a feed last answered with a whole list.", ["source"]
)
FEED_SILENT = Gauge("ews_feed_silent", "1 while a feed is not to be relied on, by why.", ["source", "why"])
QUARANTINE = Counter("ews_quarantine", "Messages kept but not dispatched.", ["reason"])
SIGNATURES = Counter("ews_signatures", "Signed messages by what came of their signature.", ["source", "result"])
ORDERS = Counter("ews_orders_created", "Order versions by level.", ["severity", "mode"])
APPROVALS = Gauge("ews_orders_awaiting_approval", "Approval requests without a decision.")
APPROVALS_OLDEST = Gauge("ews_orders_awaiting_approval_oldest_seconds", "Age of the oldest of them.")
HALTED = Gauge("ews_halted", "Stops in force: nothing of their scope is sent.", ["scope"])
FIRST_SUBMIT = Histogram(
    "ews_dispatch_first_submit_seconds",
    "From a warning's acceptance to the first send of each change that it made.",
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300),
)
ATTEMPTS = Counter("ews_delivery_attempts", "Sends by outcome.", ["channel", "gateway", "outcome"])
DEFECTS = Counter(
    "ews_channel_defects", "Errors that a channel does not foresee: the attempt's outcome is unknown.", ["gateway"]
)
SEND_SECONDS = Histogram("ews_send_seconds", "Time that a gateway takes to answer.", ["gateway"])
DELIVERIES = Gauge("ews_deliveries", "Deliveries of the last day by state.", ["channel", "state"])
UNKNOWN = Gauge("ews_delivery_unknown", "Deliveries whose outcome nobody knows, last day.", ["severity"])
DUPLICATES = Counter("ews_duplicates_possible", "Sends after one of which nobody knows whether it arrived.")
WITHDRAWN = Counter("ews_withdrawn", "Deliveries that nobody needed any more, by why.", ["reason"])
HOLD_SECONDS = Gauge("ews_hold_seconds", "How long the oldest text waits for the one that it replaces.")
LEASE_LOST = Counter("ews_lease_lost", "Batches that were not recorded before another engine could take them.")
QUEUE_OLDEST = Gauge("ews_queue_oldest_seconds", "Age of the oldest due chunk.", ["severity"])
RECEIPTS = Counter("ews_receipts", "Receipts by gateway and fate.", ["gateway", "fate"])
CALLBACKS_UNREADABLE = Counter(
    "ews_callbacks_unreadable", "Callbacks, or entries in them, that are not what a gateway sends.", ["gateway"]
)
RECEIPT_LAG = Histogram(
    "ews_receipt_lag_seconds",
    "From a gateway's acceptance to its receipt.",
    ["gateway"],
    buckets=(1, 2, 5, 10, 30, 60, 120, 300, 900, 3600),
)
RECEIPT_MISSING = Gauge(
    "ews_receipt_missing_ratio",
    "Share of the last hour's messages whose promised receipt is overdue, from twenty messages on; prefix: the "
    "first seven digits of mainland mobiles, or all.",
    ["gateway", "prefix"],
)
RECEIPTS_PARKED = Gauge("ews_receipts_parked", "Receipts whose message is not known yet.")
GATEWAY_UP = Gauge("ews_gateway_up", "Whether a gateway would take a message now.", ["gateway"])
CIRCUIT_OPEN = Gauge("ews_gateway_circuit_open", "Whether a gateway is not trusted wholly.", ["gateway"])
OBLIGATIONS = Gauge("ews_obligations_open", "Obligations that nobody has answered.", ["severity"])
OBLIGATIONS_OLDEST = Gauge(
    "ews_obligations_oldest_seconds",
    "Age of the oldest of them: open, nothing says that it reached anybody; reached, it did.",
    ["severity", "state"],
)
ANSWERED = Gauge("ews_obligations_answered", "Obligations of standing orders that were answered.", ["severity"])
ACK_SECONDS = Histogram(
    "ews_ack_seconds",
    "From an order to the first answer of each person to it.",
    ["severity"],
    buckets=(30, 60, 120, 300, 600, 900, 1800, 3600, 7200),
)
ESCALATIONS = Counter("ews_escalations", "Steps that the ladder took.", ["step"])
EXPIRED_UNREACHED = Counter("ews_expired_unreached", "People whom an order never reached in its time.")
REPLIES = Counter("ews_replies", "Replies by what was made of them.", ["verdict"])
TASKS = Gauge("ews_tasks_open", "What the duty room has to do by hand.", ["kind"])
TIMER_LAG = Gauge("ews_timer_lag_seconds", "How late the most overdue timer is.")
LOOP_FAILURES = Counter("ews_loop_failures", "Times a loop had to begin again.", ["loop"])
CHAIN_OK = Gauge("ews_audit_chain_ok", "1 when the audit chain verified, 0 when it did not.")
AUDIT_DIFFERENCES = Gauge(
    "ews_audit_differences", "Rows of which a table says something else than the chain.", ["what"]
)
VIOLATIONS = Counter("ews_invariant_violations", "What must never be, among what was sent.", ["invariant"])
CHAIN_VERIFIED = Gauge("ews_audit_verified_timestamp_seconds", "When the whole chain was last read and checked.")
STORE_UP = Gauge("ews_store_up", "Whether the database answered at this scrape.")
COMMIT_SECONDS = Histogram(
    "ews_db_commit_seconds",
    "Time that the database takes to confirm a transaction.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
CLOCK_SKEW = Gauge("ews_clock_skew_seconds", "How far this process's clock is from the database's, either way.")
LOOP_LAG = Gauge("ews_eventloop_lag_seconds", "The longest hold-up of this process in half a minute.")
DISK_FREE = Gauge("ews_disk_free_bytes", "Free on the disk of the data folder.")
DISK_SIZE = Gauge("ews_disk_size_bytes", "Size of the disk of the data folder.")
CANARY_SUCCESS = Gauge(
    "ews_canary_last_success_timestamp_seconds",
    "When a canary last came through: in/… a way in, out/… a gateway and its receipt, back/… a reply.",
    ["path"],
)
UNEXPLAINED = Gauge("ews_account_unexplained", "What nobody can explain, by the last account.")
ACCOUNTED = Gauge("ews_account_timestamp_seconds", "When the last account was made.")
INTAKE_CLOSED = Gauge("ews_intake_closed", "1 while the disk is so full that nothing is taken in.")
ALIVE_HEARD = Gauge(
    "ews_alive_last_success_timestamp_seconds", "When the other side last heard the sign of life of this process."
)
BUILD = Gauge("ews_build_info", "Version and rule book.", ["version", "book"])
