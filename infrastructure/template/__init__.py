"""The stacks that a stage is made of, and the parts that are generated into their templates."""
