"""The embedded AWS: moto in this process, and what moto lacks. The only place that imports moto."""
