"""What a sender of a faulty document may have meant: the part of a refusal that says what to write instead.

Nothing here judges. It is asked only where a fault was found, and says None where it can only guess.
"""
