"""The EPCIS 2.0 query language (section 8.2.7.1), as values: what is asked, and what an event can be found by. Pure."""
