"""The whole service measured against GS1's EPCIS 2.0, from outside: each check asks over HTTP and names its clause.

`python -m bench.conformance` starts a service of its own, or tests the one at `--url`. The material lies in the folder
`shared` beside the repository; what is asked is the standard's, so a check never looks at how the service is written.
"""
