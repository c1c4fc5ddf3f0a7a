"""The only room that speaks to the chain: client, deployment, registry calls, relay, watcher, proofs."""
