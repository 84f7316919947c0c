"""State of moto's memory as data: how it becomes rows, and how rows become it again."""
