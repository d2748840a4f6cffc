"""Engines that a team might run instead, each told the benchmark's rules as its documentation says.

A module has ``load(rules) -> decide``; ``decide(facts)`` returns the key of the first rule that matches, or
``default``. ``prepare(facts)``, where it stands, makes once what ``decide`` is then given. The modules run in an
environment of their own (benchmarks/requirements.txt) and know nothing of Switchboard.
"""
