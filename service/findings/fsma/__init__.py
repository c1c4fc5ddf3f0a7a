"""The FDA's electronic sortable spreadsheet of a food (21 CFR 1.1455(c)(3)(ii)), from EPCIS events. Pure."""
