"""The verifier as one static page: its sources, what they rest on, and the page that is made of them."""
