"""People's decisions: the queue of cases, verdicts by one or two people, contests, and figures."""
