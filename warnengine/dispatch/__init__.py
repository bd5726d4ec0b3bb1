"""Orders to the world: claim, intend, send, record. Nothing is sent that was not first written down."""
