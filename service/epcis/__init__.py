"""The language room: GS1 EPCIS 2.0 events and CBV 2.0 vocabulary, as values. Pure: no I/O, no clock, no randomness."""
