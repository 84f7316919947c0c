"""Many applications at once, through the same artifacts as one."""
