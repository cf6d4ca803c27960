"""Messages leave for their receivers: in order, once each, until they are acknowledged."""
