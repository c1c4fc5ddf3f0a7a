"""Every claim about speed as a command that measures it beside a rival, in the same run."""
